//! The command line. Its texts stand in `i18n/{en,ja}`: [`crate::i18n::localize`] puts them in.

mod fetch;
mod talk;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde::Serialize;

pub use self::fetch::{
    FetchArgs, FetchCheckArgs, FetchCommand, FetchImportArgs, FetchInitArgs, FetchNamesArgs, FetchServiceArgs,
    FetchUrlArgs, ForeignFetcher, KeepChoice,
};
pub use self::talk::TalkArgs;
pub use self::watch::{
    AccountArgs, ByChoice, CampaignArgs, DiagramChoice, EndingChoice, ExportArgs, ExportChoice, FilterArgs, PcapArgs,
    PrivacyArgs, PrivacyCommand, PrivacyReportArgs, ReplayArgs, ReportArgs, RulesArgs, RulesCommand, SessionArgs,
    SessionsArgs, SessionsCommand, SeverityChoice,
};

/// What was asked for.
#[derive(Debug, Parser)]
#[command(name = "watchpost", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// In which language to speak; from the locale when absent.
    #[arg(long, global = true, value_enum)]
    pub lang: Option<LanguageChoice>,
    /// The command itself.
    #[command(subcommand)]
    pub command: Command,
}

/// The languages that texts exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LanguageChoice {
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything at once on loopback, nothing to configure.
    Demo(DemoArgs),
    /// Writes a configuration, a certificate and the first account.
    Init(InitArgs),
    /// Runs the server.
    Serve(ConfigArgs),
    /// Says what is wrong with a configuration, and what it amounts to.
    CheckConfig(CheckConfigArgs),
    /// Accounts.
    User(UserArgs),
    /// What happened.
    Report(ReportArgs),
    /// Finds sessions.
    Sessions(SessionsArgs),
    /// One session, step by step.
    Session(SessionArgs),
    /// A file for Wireshark.
    Pcap(PcapArgs),
    /// Who tried to enter an account.
    Account(AccountArgs),
    /// One campaign.
    Campaign(CampaignArgs),
    /// The rules, and what they would have said.
    Rules(RulesArgs),
    /// What is held about somebody.
    Privacy(PrivacyArgs),
    /// Explains a word of the protocol.
    Explain(ExplainArgs),
    /// Brings mail from other servers.
    Fetch(FetchArgs),
    /// A session with any POP3 server that explains each line.
    Talk(TalkArgs),
    /// Asks any POP3 server for what the standards demand.
    Conform(ConformArgs),
    /// Puts load on a POP3 server and measures what it does.
    Bench(BenchArgs),
    /// Completions for a shell.
    Completions(CompletionsArgs),
    /// Manual pages.
    Man(ManArgs),
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub struct ConfigArgs {
    /// The file; else `./watchpost.toml`, else `/etc/watchpost/watchpost.toml`.
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `watchpost demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where the demo keeps its data; `$XDG_DATA_HOME/watchpost/demo` when absent.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Mail to serve instead of the demo's own.
    #[arg(long, value_name = "DIR")]
    pub mail: Option<PathBuf>,
    /// Where POP3 with STLS listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1110")]
    pub pop3: SocketAddr,
    /// Where POP3S listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1995")]
    pub pop3s: SocketAddr,
    /// Let nobody come: no simulated visitors.
    #[arg(long)]
    pub no_visitors: bool,
    /// Tell a program where everything is: one JSON object on standard output once the ports are open.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The folder to write into.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The mail domain.
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// The first account.
    #[arg(long, value_name = "NAME", default_value = "postmaster")]
    pub user: String,
    /// Take the first account's password from standard input instead of making one.
    #[arg(long)]
    pub password_stdin: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost check-config`.
#[derive(Args, Debug)]
pub struct CheckConfigArgs {
    /// Which file.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Findings as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost user`.
#[derive(Args, Debug)]
pub struct UserArgs {
    /// Which file names the directory of accounts.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes an account.
    Add(PasswordArgs),
    /// Sets a new password.
    Passwd(PasswordArgs),
    /// Refuses logins, keeps the mail.
    Disable(NameArgs),
    /// Lets a disabled account log in again.
    Enable(NameArgs),
    /// Removes the account, keeps the mail.
    Remove(NameArgs),
    /// Lists all accounts.
    List(ListArgs),
    /// Shows one account.
    Show(ShowArgs),
}

/// An account and where its password comes from.
#[derive(Args, Debug)]
pub struct PasswordArgs {
    /// Whose account: `alice`, or `alice@example.org`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Read the password from the first line of standard input.
    #[arg(long, conflicts_with = "generate")]
    pub password_stdin: bool,
    /// Make a password and print it once.
    #[arg(long)]
    pub generate: bool,
    /// What was done, as JSON.
    #[arg(long)]
    pub json: bool,
}

/// An account.
#[derive(Args, Debug)]
pub struct NameArgs {
    /// Whose account.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What was done, as JSON.
    #[arg(long)]
    pub json: bool,
}

/// An account to show.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Whose account.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// How to list.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// What to explain; all words are listed when absent. It may be `-ERR`.
    #[arg(value_name = "WORD", allow_hyphen_values = true)]
    pub word: Option<String>,
    /// The rest of it, so that `scan listing` needs no quotes. Options may stand behind it, as hyphens may not.
    #[arg(value_name = "WORD", hide = true)]
    pub rest: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Write the generated pages of the textbook into this folder instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["word", "json"])]
    pub book: Option<PathBuf>,
}

/// `watchpost conform`.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ConformArgs {
    /// Which server, and on which port if it is not the usual one.
    #[arg(value_name = "HOST", required_unless_present = "list")]
    pub host: Option<String>,
    /// What protects the connection.
    #[arg(long, value_enum, default_value = "implicit")]
    pub tls: ConformTls,
    /// Whose maildrop.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Read the password from the first line of standard input.
    #[arg(long, requires = "user", conflicts_with = "password_file")]
    pub password_stdin: bool,
    /// Read the password from the first line of a file.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Believe these certificates alone.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub certificate: Option<PathBuf>,
    /// Believe any certificate.
    #[arg(long)]
    pub insecure: bool,
    /// Put messages of our own into this Maildir, which must be that of the account.
    #[arg(long, value_name = "DIR", requires = "user", conflicts_with = "deliver_command")]
    pub deliver_maildir: Option<PathBuf>,
    /// Deliver messages of our own with this command of the shell.
    #[arg(long, value_name = "CMD", requires = "user")]
    pub deliver_command: Option<String>,
    /// Delete messages of our own again.
    #[arg(long)]
    pub allow_delete: bool,
    /// Wait ten minutes for the inactivity timer.
    #[arg(long)]
    pub wait_idle: bool,
    /// Only checks of these requirements.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Say what is asked, and ask nothing.
    #[arg(long)]
    pub list: bool,
    /// Seconds to wait for each answer.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub timeout: u16,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// What protects the connection that `conform` or `bench` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConformTls {
    /// Nothing.
    None,
    /// TLS begun by STLS.
    Stls,
    /// TLS from the first octet.
    Implicit,
}

/// `watchpost bench`.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct BenchArgs {
    /// What to do.
    #[arg(value_enum, value_name = "MODE")]
    pub mode: BenchMode,
    /// Which server, and on which port if it is not the usual one.
    #[arg(value_name = "HOST")]
    pub host: String,
    /// What protects the connections.
    #[arg(long, value_enum, default_value = "implicit")]
    pub tls: ConformTls,
    /// Whose maildrop; `%n` stands for 1, 2, 3 and so on.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How many accounts `%n` stands for.
    #[arg(long, value_name = "N", default_value = "1", requires = "user",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: u32,
    /// Read the password of these accounts from the first line of standard input.
    #[arg(long, requires = "user", conflicts_with = "password_file")]
    pub password_stdin: bool,
    /// Read it from the first line of a file.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Accounts with their passwords, a line each.
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub users: Option<PathBuf>,
    /// Believe these certificates alone.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub certificate: Option<PathBuf>,
    /// Believe any certificate.
    #[arg(long)]
    pub insecure: bool,
    /// Resume TLS sessions instead of beginning each anew.
    #[arg(long)]
    pub resume: bool,
    /// Sessions at the same time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub connections: Option<u32>,
    /// Logins per second that are due, whether the server keeps up or not.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// For how many seconds; each phase of a storm.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub duration: Option<u32>,
    /// How many sessions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub count: Option<u64>,
    /// How many RETR wait for their replies.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub in_flight: u16,
    /// Take a digest of every message; each maildrop must stay the same.
    #[arg(long)]
    pub verify: bool,
    /// Hold sessions before their login.
    #[arg(long)]
    pub before_login: bool,
    /// Connections that try wrong passwords.
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub attackers: u32,
    /// Wrong passwords on each of them.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub tries: u32,
    /// Seconds after which a login that was due counts as not served.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub patience: u16,
    /// Seconds to wait for each answer.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub timeout: u16,
    /// Put load on a server that is not this machine.
    #[arg(long)]
    pub i_own_this_server: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `bench` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BenchMode {
    /// Connect, USER, PASS, STAT, QUIT.
    Logins,
    /// STAT, UIDL, LIST, and RETR of every message.
    Drain,
    /// Sessions held open.
    Idle,
    /// Good logins, then beside wrong passwords.
    Storm,
    /// STAT, UIDL and LIST.
    Big,
}

/// `watchpost completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `watchpost man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Write one page per command into this folder, instead of the main page to standard output.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Exit codes: those of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// All went well.
    Ok = 0,
    /// The command line was wrong.
    Usage = 64,
    /// Input was not what it should be.
    DataError = 65,
    /// An input file or folder is missing or unreadable.
    NoInput = 66,
    /// There is no such account.
    NoUser = 67,
    /// A service is not to be had: a port is taken, say.
    Unavailable = 69,
    /// A fault of ours.
    Software = 70,
    /// The operating system refused something.
    OsError = 71,
    /// A file cannot be made: it is there already, say.
    CannotCreate = 73,
    /// Reading or writing failed.
    IoError = 74,
    /// Trying again later may help.
    TemporaryFailure = 75,
    /// Permission was refused.
    NoPermission = 77,
    /// The configuration is wrong.
    Config = 78,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
