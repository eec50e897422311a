//! The table of an account: how it reads, and how it gets into a configuration without disturbing what is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::account::Account;
use crate::config::{ConfigErrors, FetchConfig};
use crate::connect::Security;
use crate::private_file::{replace, write_private};

/// A `[[fetch]]` table.
#[derive(Clone, Debug)]
pub struct Block {
    /// What stands above it.
    pub comment: String,
    /// What the account is called.
    pub name: String,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whose maildrop.
    pub user: String,
    /// Where the password is.
    pub password: String,
    /// Where the mail goes.
    pub to: String,
    /// For whom, at another mail server.
    pub recipient: Option<String>,
    /// What protects the connection.
    pub security: Security,
    /// Which certificates are believed, if not those of the system.
    pub trust: Option<String>,
    /// The only way to log in, if one was named.
    pub auth: Option<&'static str>,
}

/// Why a table was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// The file has an account of this name, or of this user at this server.
    Exists(String),
    /// The file is not what it should be, or would not be.
    Config(ConfigErrors),
    /// The file cannot be read or written.
    Io(PathBuf, io::Error),
    /// The file is no TOML that can be added to.
    Toml(String),
}

impl Block {
    fn table(&self) -> Table {
        let usual = if self.security == Security::Tls { 995 } else { 110 };
        let server = if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) };
        let mut table = Table::new();
        let mut put = |key: &str, text: &str| drop(table.insert(key, value(text)));
        put("name", &self.name);
        put("server", &server);
        put("user", &self.user);
        put("password", &self.password);
        put("to", &self.to);
        if let Some(recipient) = &self.recipient {
            put("recipient", recipient);
        }
        match self.security {
            Security::Tls => {}
            Security::Stls => put("tls", "stls"),
            Security::Clear => put("tls", "none"),
        }
        if let Some(trust) = &self.trust {
            put("trust", trust);
        }
        if let Some(auth) = self.auth {
            put("auth", auth);
        }
        let comment: Vec<&str> = self.comment.lines().flat_map(|line| ["# ", line, "\n"]).collect();
        table.decor_mut().set_prefix(comment.concat());
        table
    }

    /// As it reads.
    pub fn text(&self) -> String {
        let mut document = DocumentMut::new();
        let mut tables = ArrayOfTables::new();
        tables.push(self.table());
        document.insert("fetch", Item::ArrayOfTables(tables));
        document.to_string()
    }

    /// What it means in the file of this path.
    pub fn account(&self, path: &Path) -> Result<Account, ConfigErrors> {
        let mut accounts = FetchConfig::of_text(path, self.text())?.accounts;
        Ok(accounts.remove(0))
    }

    /// Adds it to the file, or makes the file. What is in the file stays, its comments too; nothing is replaced.
    pub fn add_to(&self, path: &Path) -> Result<(), NotWritten> {
        let io = |error| NotWritten::Io(path.to_owned(), error);
        let present = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(error)),
        };
        let text = self.added(path, present.as_deref().unwrap_or_default())?;
        if present.is_some() {
            return replace(path, &text).map_err(|(path, error)| NotWritten::Io(path, error));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        write_private(path, &text).map_err(|(path, error)| NotWritten::Io(path, error))
    }

    /// Whether it could be added: what [`Block::add_to`] would say before it writes.
    pub fn fits(&self, path: &Path) -> Result<(), NotWritten> {
        let present = fs::read_to_string(path);
        match present {
            Ok(text) => self.added(path, &text).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(NotWritten::Io(path.to_owned(), error)),
        }
    }

    fn added(&self, path: &Path, present: &str) -> Result<String, NotWritten> {
        if !present.is_empty() {
            // What is wrong with it already is said in its own words.
            let there = FetchConfig::of_text(path, present.to_owned()).map_err(NotWritten::Config)?;
            let same = |account: &&Account| {
                account.name == self.name
                    || (account.host.eq_ignore_ascii_case(&self.host) && account.user == self.user)
            };
            if let Some(same) = there.accounts.iter().find(same) {
                return Err(NotWritten::Exists(same.name.clone()));
            }
        }
        let mut document: DocumentMut = present.parse().map_err(|error| NotWritten::Toml(format!("{error}")))?;
        let tables = document.entry("fetch").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let not_tables =
            || NotWritten::Toml("`fetch` is written as a list; write each account as [[fetch]]".to_owned());
        let tables = tables.as_array_of_tables_mut().ok_or_else(not_tables)?;
        let mut table = self.table();
        if !present.is_empty() {
            let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
            table.decor_mut().set_prefix(format!("\n{prefix}"));
        }
        tables.push(table);
        let text = document.to_string();
        FetchConfig::of_text(path, text.clone()).map_err(NotWritten::Config)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn block(name: &str) -> Block {
        Block {
            comment: "Found by an SRV record.".into(),
            name: name.into(),
            host: "pop.example.org".into(),
            port: 995,
            user: format!("{name}@example.org"),
            password: "prompt".into(),
            to: "maildir:/home/alice/Maildir".into(),
            recipient: None,
            security: Security::Tls,
            trust: None,
            auth: None,
        }
    }

    #[test]
    fn what_is_in_the_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/watchpost.toml");
        block("alice").add_to(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = "# mine\n\n[[fetch]] # first\nname = 'x' # odd\nserver=\"h\"\nuser=\"u\"\nto = \"mbox:m\"\n\n[store] # end\n";
        fs::write(&path, before).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        block("alice").add_to(&path).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert!(before.lines().all(|line| after.lines().any(|now| now == line)), "{after}");
        assert!(
            after.contains("# Found by an SRV record.\n[[fetch]]\nname = \"alice\"\nserver = \"pop.example.org\"\n"),
            "{after}"
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(FetchConfig::load(&path).unwrap().accounts.len(), 2);
        // Neither the same name nor the same maildrop twice, and not a word is changed.
        for again in [block("alice"), Block { name: "other".into(), ..block("alice") }] {
            assert!(matches!(again.add_to(&path), Err(NotWritten::Exists(name)) if name == "alice"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
        for (text, config) in [("[[fetch]]\nname = 1\n", true), ("fetch = []\n", false)] {
            fs::write(&path, text).unwrap();
            let refused = block("alice").add_to(&path).unwrap_err();
            assert_eq!(matches!(refused, NotWritten::Config(_)), config, "{refused:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn it_means_what_it_says() {
        let mut stls =
            Block { security: Security::Stls, port: 1110, trust: Some("first-use".into()), ..block("alice") };
        stls.user = "quote\"back\\slash@example.org".into();
        let account = stls.account(Path::new("/x/watchpost.toml")).unwrap();
        assert_eq!((account.port, account.security, account.user), (1110, Security::Stls, stls.user));
        assert_eq!(block("alice").account(Path::new("/x/watchpost.toml")).unwrap().port, 995);
    }
}
