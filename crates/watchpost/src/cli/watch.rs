//! The commands that read the journal.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArgs;

/// `watchpost report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// From when: `yesterday-20:00`, `24h`, `7d`, a date.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub since: String,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// As JSON.
    #[arg(long, conflicts_with = "html")]
    pub json: bool,
    /// As a page in this file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `watchpost sessions`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SessionsArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Which sessions.
    #[command(flatten)]
    pub which: FilterArgs,
    /// Count them instead of listing them.
    #[arg(long, value_enum)]
    pub by: Option<ByChoice>,
    /// As JSON Lines.
    #[arg(long)]
    pub json: bool,
    /// Something else than to list them.
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
}

/// What else can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Writes sessions and verdicts for other programs.
    Export(ExportArgs),
}

/// Which sessions.
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// Begun from then on.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Begun before.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// From this address or network.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
    /// In which this name was tried.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// On which this rule fired.
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// With a verdict as bad as this, or worse.
    #[arg(long, value_enum)]
    pub severity: Option<SeverityChoice>,
    /// That ended so.
    #[arg(long, value_enum)]
    pub ending: Option<EndingChoice>,
    /// That go on.
    #[arg(long)]
    pub open: bool,
    /// How many, the latest first.
    #[arg(long, value_name = "COUNT", default_value = "50")]
    pub limit: u64,
}

/// `watchpost sessions export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Begun from then on.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Go on with what comes.
    #[arg(long)]
    pub follow: bool,
    /// As what.
    #[arg(long, value_enum, default_value_t = ExportChoice::Jsonl)]
    pub format: ExportChoice,
}

/// As what sessions are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportChoice {
    /// JSON Lines in the Elastic Common Schema, verdicts among them.
    Jsonl,
    /// A table, a line for each session.
    Csv,
}

/// `watchpost session`.
#[derive(Args, Debug)]
pub struct SessionArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Its name, or how its name begins.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Say what each line means.
    #[arg(long)]
    pub explain: bool,
    /// As a diagram.
    #[arg(long, value_enum)]
    pub diagram: Option<DiagramChoice>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost pcap`.
#[derive(Args, Debug)]
pub struct PcapArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// One session: its name, or how its name begins.
    #[arg(value_name = "ID", conflicts_with_all = ["since", "until", "address", "account", "rule", "severity", "ending", "open"])]
    pub id: Option<String>,
    /// Which sessions.
    #[command(flatten)]
    pub which: FilterArgs,
    /// The file to write.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// What crossed the wire, and the keys that open it.
    #[arg(long)]
    pub with_keys: bool,
    /// Do not ask whether keys are really wanted.
    #[arg(long, requires = "with_keys")]
    pub yes: bool,
    /// Opens captures that are encrypted.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// What was written, as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost account`.
#[derive(Args, Debug)]
pub struct AccountArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Whose account.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How far back.
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub last: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost campaign`.
#[derive(Args, Debug)]
pub struct CampaignArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// Its name, `c-7f3a` say.
    #[arg(value_name = "ID")]
    pub id: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `watchpost rules`.
#[derive(Args, Debug)]
pub struct RulesArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// As JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do; without it, the rules are listed.
    #[command(subcommand)]
    pub command: Option<RulesCommand>,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Lists the rules.
    List,
    /// Judges the journal again.
    Replay(ReplayArgs),
}

/// `watchpost rules replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// Which rule, or `all`.
    #[arg(value_name = "RULE", default_value = "all")]
    pub rule: String,
    /// How far back verdicts are shown; the whole journal is judged, so that trust is what it was.
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub last: String,
}

/// `watchpost privacy`.
#[derive(Args, Debug)]
pub struct PrivacyArgs {
    /// Which file says where the journal is.
    #[command(flatten)]
    pub file: ConfigArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: PrivacyCommand,
}

/// What concerns people whose data are held.
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Says what is held about an account or an address.
    Report(PrivacyReportArgs),
}

/// `watchpost privacy report`.
#[derive(Args, Debug)]
pub struct PrivacyReportArgs {
    /// About whom: an account, or an address.
    #[arg(value_name = "NAME|ADDRESS")]
    pub whom: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// What sessions can be counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ByChoice {
    /// The version of TLS, and the client.
    Tls,
    /// Where they came from.
    Address,
    /// How they ended.
    Ending,
}

/// How bad a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SeverityChoice {
    /// A label.
    Info,
    /// Noise.
    Low,
    /// Somebody wants to come in.
    Medium,
    /// Somebody may come in.
    High,
    /// Somebody is in.
    Critical,
}

/// How sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EndingChoice {
    /// QUIT was answered.
    Quit,
    /// A limit was met.
    Limit,
    /// Dropped without a word.
    Dropped,
    /// The client closed it.
    PeerClosed,
    /// The connection broke.
    Broken,
    /// Nothing was said for too long.
    Timeout,
    /// No TLS.
    HandshakeFailed,
    /// A message could not be read.
    ReadFailed,
    /// The server was stopping.
    Shutdown,
    /// Too many connections.
    Refused,
    /// The server stopped at once.
    Unknown,
}

/// How to draw a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiagramChoice {
    /// Text.
    Txt,
    /// For Mermaid.
    Mermaid,
    /// A picture of its own.
    Svg,
}

impl SeverityChoice {
    /// As the journal has it.
    pub const fn number(self) -> u8 {
        self as u8
    }
}
