//! The command line of `talk`.

use std::path::PathBuf;

use clap::Args;

/// `watchpost talk`.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct TalkArgs {
    /// Which server, and on which port if it is not the usual one.
    #[arg(value_name = "HOST[:PORT]")]
    pub host: String,
    /// TLS from the first octet, on any port.
    #[arg(long, conflicts_with = "stls")]
    pub tls: bool,
    /// Begin in clear text, and say STLS first.
    #[arg(long)]
    pub stls: bool,
    /// Believe these certificates instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Go on whatever is wrong with a certificate.
    #[arg(long)]
    pub insecure: bool,
    /// Send passwords in clear text without asking.
    #[arg(long)]
    pub allow_clear: bool,
    /// Read the password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Say what stands in this file, a command a line.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Show replies of many lines whole.
    #[arg(long)]
    pub full: bool,
    /// Say nothing that another run would say differently for time alone.
    #[arg(long)]
    pub no_times: bool,
    /// Seconds to wait for each answer.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub timeout: u16,
    /// As JSON Lines; commands come from standard input.
    #[arg(long)]
    pub json: bool,
}
