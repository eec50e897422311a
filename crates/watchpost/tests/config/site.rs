//! A configuration that loads, in a folder where it does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use watchpost::config::{Config, ConfigErrors};

/// Seventeen lines that load.
pub(crate) const SOUND: &str = r#"domain = "example.org"
data_dir = "."

[[listener]]
protocol = "pop3s"
address = "[::]:995"

[[listener]]
protocol = "pop3"
address = "127.0.0.1:0"
plaintext_login = "loopback"

[tls]
certificate = "cert.pem"
key = "key.pem"

# The rest
"#;

/// A folder with a certificate and its key.
pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let made = rcgen::generate_simple_self_signed(["mail.example.org".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        site.write("cert.pem", &made.cert.pem(), 0o644);
        site.write("key.pem", &made.signing_key.serialize_pem(), 0o600);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        self.permit(name, mode);
    }

    pub(crate) fn permit(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn config(&self, text: &str) -> Result<Config, ConfigErrors> {
        Config::from_text(text.to_owned(), &self.path("watchpost.toml"))
    }

    pub(crate) fn sound(&self) -> Config {
        self.config(SOUND).unwrap()
    }

    /// The text is refused once, at that place, with that message and that remedy.
    #[track_caller]
    pub(crate) fn refuses(&self, text: &str, place: &str, message: &str, help: &str) {
        let errors = self.config(text).expect_err(message);
        assert_eq!(errors.iter().count(), 1, "{errors}");
        let error = errors.iter().next().unwrap();
        let found = error.place().map_or_else(String::new, |place| format!("{}:{}", place.line, place.column));
        assert_eq!(found, place, "{errors}");
        assert!(error.message().contains(message), "{message:?} in\n{errors}");
        assert!(error.help().contains(help), "{help:?} in\n{errors}");
        let shown = errors.plain();
        assert!(shown.contains(&format!("watchpost.toml:{place}")) && shown.contains("help: "), "{shown}");
    }
}

/// The sound text with one part of it replaced.
#[track_caller]
pub(crate) fn with(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from:?}");
    SOUND.replace(from, to)
}
