//! The command line of `watchpost fetch`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArgs, ConformTls};

/// `watchpost fetch`.
#[derive(Args, Debug)]
#[command(subcommand_precedence_over_arg = true)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct FetchArgs {
    /// Which file names the accounts.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Which accounts, or the URL of one; all of them when absent.
    #[arg(value_name = "ACCOUNT|URL")]
    pub accounts: Vec<String>,
    /// Fetch again and again, this long after the last time.
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
    /// Go on until nothing is left, waiting between sessions as long as the server wants.
    #[arg(long, conflicts_with = "every")]
    pub drain: bool,
    /// Try messages again that were given up after three failures.
    #[arg(long)]
    pub retry: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,
    /// One JSON object for each account.
    #[arg(long)]
    pub json: bool,
    /// Where the mail of a URL goes.
    #[arg(long, value_name = "DESTINATION")]
    pub to: Option<String>,
    /// What a URL does not say.
    #[command(flatten)]
    pub url: FetchUrlArgs,
    /// Something else than fetching.
    #[command(subcommand)]
    pub command: Option<FetchCommand>,
}

/// What a URL of RFC 2384 does not say.
#[derive(Args, Debug)]
pub struct FetchUrlArgs {
    /// Where the password is.
    #[arg(long, value_name = "SOURCE")]
    pub password: Option<String>,
    /// What protects the connection.
    #[arg(long, value_enum)]
    pub tls: Option<ConformTls>,
    /// Which certificates are believed.
    #[arg(long, value_name = "TRUST")]
    pub trust: Option<String>,
}

/// What can be done with accounts at other servers, beside fetching.
#[derive(Debug, Subcommand)]
pub enum FetchCommand {
    /// Finds the server of an address and writes its account.
    Init(FetchInitArgs),
    /// Logs in and lists, and fetches nothing.
    Check(FetchCheckArgs),
    /// Says what the journals know.
    Status(FetchNamesArgs),
    /// Prints what systemd needs to fetch again and again.
    Service(FetchServiceArgs),
    /// Takes over accounts and state of another program.
    Import(FetchImportArgs),
}

/// An address, and what to do with what is found.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct FetchInitArgs {
    /// Whose mail.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// What to call the account; made of the address when absent.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where its mail goes; `maildir:~/Maildir` when absent.
    #[arg(long, value_name = "DESTINATION")]
    pub to: Option<String>,
    /// For whom the mail is, with `lmtp:` and `smtp:`.
    #[arg(long, value_name = "ADDRESS")]
    pub recipient: Option<String>,
    /// Where the password is, as in the configuration.
    #[arg(long, value_name = "SOURCE", conflicts_with = "password_stdin")]
    pub password: Option<String>,
    /// Read the password from the first line of standard input, and keep it.
    #[arg(long)]
    pub password_stdin: bool,
    /// Where a password that was typed or read is kept.
    #[arg(long, value_enum)]
    pub keep: Option<KeepChoice>,
    /// Which certificates are believed.
    #[arg(long, value_name = "TRUST")]
    pub trust: Option<String>,
    /// Do not log in to see whether it works.
    #[arg(long)]
    pub no_login: bool,
    /// Write it into the configuration.
    #[arg(long, conflicts_with = "dry_run")]
    pub write: bool,
    /// Say yes to whatever would be asked.
    #[arg(long)]
    pub yes: bool,
    /// Write nothing, whatever is answered.
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which DNS resolver; those of `/etc/resolv.conf` when absent.
    #[arg(long, value_name = "ADDRESS")]
    pub resolver: Option<SocketAddr>,
    /// Other ports than 995, 110, 443 and 80.
    #[arg(long, value_name = "POP3S,POP3,HTTPS,HTTP")]
    pub ports: Option<FourPorts>,
}

/// The ports of POP3S, POP3, https and http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FourPorts(pub [u16; 4]);

impl std::str::FromStr for FourPorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ports: Result<Vec<u16>, _> = text.split(',').map(str::parse).collect();
        let ports = ports.ok().and_then(|ports| <[u16; 4]>::try_from(ports).ok());
        ports.map(Self).ok_or_else(|| "995,110,443,80 is one".to_owned())
    }
}

/// Where a password is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeepChoice {
    /// A file that only its owner may read.
    File,
    /// The keyring of the desktop.
    SecretService,
    /// Nowhere: it is asked for each time.
    Prompt,
}

/// Which accounts.
#[derive(Args, Debug)]
pub struct FetchNamesArgs {
    /// Which accounts; all of them when absent.
    #[arg(value_name = "ACCOUNT")]
    pub accounts: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which accounts, or which URL.
#[derive(Args, Debug)]
pub struct FetchCheckArgs {
    /// Which accounts, or the URL of one; all of them when absent.
    #[arg(value_name = "ACCOUNT|URL")]
    pub accounts: Vec<String>,
    /// What a URL does not say.
    #[command(flatten)]
    pub url: FetchUrlArgs,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// How often systemd is to fetch, and where its files go.
#[derive(Args, Debug)]
pub struct FetchServiceArgs {
    /// The pause between two sessions.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub every: String,
    /// A timer that starts the program each time, instead of a service that stays.
    #[arg(long)]
    pub timer: bool,
    /// As which user of the system; a user of its own when absent.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Write the files into this folder instead of printing them.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Another program, and where its files are.
#[derive(Args, Debug)]
pub struct FetchImportArgs {
    /// Which program.
    #[arg(value_enum, value_name = "PROGRAM")]
    pub program: ForeignFetcher,
    /// Its configuration.
    #[arg(value_name = "FILE")]
    pub rc: PathBuf,
    /// What it remembers of messages: a file, or the folder of such files.
    #[arg(long, value_name = "PATH")]
    pub state: Option<PathBuf>,
}

/// Programs whose accounts and state can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForeignFetcher {
    /// fetchmail.
    Fetchmail,
    /// getmail6.
    Getmail,
    /// mpop.
    Mpop,
}
