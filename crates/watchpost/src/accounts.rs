//! From the configuration to the accounts: which directory serves, and what is wrong with its file.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use watchpost_store::{AnyDirectory, Cause, HashCost, PasswdFile, PasswdFinding, SqliteDirectory};

use crate::config::{Config, ConfigError, DirectoryKind, Severity};

/// Opens the accounts of this configuration.
pub fn open(config: &Config) -> Result<AnyDirectory, Cause> {
    let directory = match config.directory.kind {
        DirectoryKind::Sqlite => AnyDirectory::Sqlite(open_sqlite(config)?),
        DirectoryKind::PasswdFile => {
            AnyDirectory::PasswdFile(PasswdFile::open(&config.directory.path, config.domain.as_str())?)
        }
    };
    Ok(directory.with_password_checks(config.limits.password_checks))
}

/// Opens accounts that are kept by Watchpost itself, as `demo` and `init` do.
pub fn open_sqlite(config: &Config) -> Result<SqliteDirectory, Cause> {
    Ok(SqliteDirectory::open(&config.directory.path, config.domain.as_str(), HashCost::default())?)
}

/// What is wrong with a file of accounts that something else tends: a warning each, at its place, and nothing secret
/// of the line. The server runs all the same; the accounts concerned are not served.
pub fn warnings(config: &Config) -> Vec<ConfigError> {
    if config.directory.kind != DirectoryKind::PasswdFile {
        return Vec::new();
    }
    let path = &config.directory.path;
    let mut warnings: Vec<ConfigError> = warning_of_mode(path).into_iter().collect();
    warnings.extend(warnings_of_lines(config, path));
    warnings
}

/// Hashes are secrets: who has them can guess as fast as his machine allows.
fn warning_of_mode(path: &Path) -> Option<ConfigError> {
    let mode = path.metadata().ok()?.mode() & 0o7777;
    let message = format!("every user of this machine can read the passwords or their hashes: its mode is {mode:04o}");
    let help = format!("chmod 640 {}", path.display());
    (mode & 0o004 != 0).then(|| ConfigError::in_file((path, ""), Severity::Warning, 0..0, &message, &help))
}

fn warnings_of_lines(config: &Config, path: &Path) -> Vec<ConfigError> {
    match PasswdFile::inspect(path, config.domain.as_str()) {
        Ok((findings, text)) => findings.iter().map(|finding| warning(path, &text, finding)).collect(),
        Err(error) => {
            let message = format!("nobody can log in: the file cannot be read: {error}");
            vec![ConfigError::in_file((path, ""), Severity::Warning, 0..0, &message, "write a file that can be read")]
        }
    }
}

fn warning(path: &Path, text: &str, finding: &PasswdFinding) -> ConfigError {
    let refused = if finding.trouble.refuses() { "this account is not served: " } else { "" };
    let message = format!("{refused}{}", finding.trouble);
    let help = finding.trouble.help();
    ConfigError::in_file((path, text), Severity::Warning, finding.span.clone(), &message, help)
}
