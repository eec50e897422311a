//! Checks of accounts and logins.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use watchpost_proto::{ApopDigest, Credentials, Password, Timestamp};
use watchpost_store::{
    AccountState, AuthError, Directory, HashCost, Login, PasswdFile, SqliteDirectory, User, UserName,
};

/// Cheap enough for tests, dear enough to be seen on a clock.
pub fn cheap() -> HashCost {
    HashCost::new(64, 1).unwrap()
}

pub struct Accounts {
    pub root: TempDir,
    pub directory: SqliteDirectory,
}

impl Accounts {
    pub fn new(cost: HashCost) -> Self {
        let root = TempDir::new().unwrap();
        let directory = SqliteDirectory::open(&root.path().join("accounts.db"), "example.org", cost).unwrap();
        Self { root, directory }
    }
}

pub fn credentials(name: &str, password: &str) -> Credentials {
    Credentials::Password { name: name.as_bytes().to_vec(), password: Password::new(password), acting_as: None }
}

/// S-023, S-027
pub async fn a_password_that_was_right_is_worthless_once_it_is_changed() {
    let accounts = Accounts::new(cheap());
    let directory = &accounts.directory;
    directory.add("alice", &Password::new("old")).unwrap();
    for _ in 0..2 {
        directory.attempt(&credentials("alice", "old")).await.unwrap();
    }
    directory.set_password("alice", &Password::new("new")).unwrap();
    assert!(matches!(directory.attempt(&credentials("alice", "old")).await, Err(AuthError::Refused { .. })));
    directory.attempt(&credentials("alice", "new")).await.unwrap();
    directory.set_state("alice", AccountState::Disabled).unwrap();
    assert!(matches!(directory.attempt(&credentials("alice", "new")).await, Err(AuthError::Disabled { .. })));
    directory.remove("alice").unwrap();
    assert!(matches!(directory.attempt(&credentials("alice", "new")).await, Err(AuthError::Refused { .. })));
}

/// S-020, P-063
pub async fn only_the_right_password_lets_in() {
    let accounts = Accounts::new(cheap());
    let directory = &accounts.directory;
    directory.add("Alice", &Password::new("correct horse")).unwrap();
    directory.add("bob@example.net", &Password::new("battery staple")).unwrap();
    directory.set_state("bob@example.net", AccountState::Disabled).unwrap();
    for name in ["alice", "ALICE@EXAMPLE.ORG"] {
        let user = directory.attempt(&credentials(name, "correct horse")).await.unwrap();
        assert_eq!(user.name.as_str(), "alice@example.org");
    }
    for (name, password) in [
        ("alice", "battery staple"),
        ("alice", ""),
        ("alice", "correct horse "),
        ("alice@example.net", "correct horse"),
        ("nobody", "correct horse"),
        ("nobody", ""),
        ("../alice", "correct horse"),
        ("", ""),
        ("bob@example.net", "correct horse"),
    ] {
        let refused = directory.attempt(&credentials(name, password)).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })), "{name} is refused");
    }
    let disabled = directory.attempt(&credentials("bob@example.net", "battery staple")).await;
    assert!(matches!(disabled, Err(AuthError::Disabled { .. })));
}

/// S-021: a hash of the same cost is verified for whoever does not exist. Counted: a clock tells of a busy machine too.
pub async fn an_unknown_user_costs_as_much_as_a_known_one() {
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("correct horse")).unwrap();
    for (number, name) in (1..).zip(["alice", "nobody", "no/body", "", "alice"]) {
        let refused = accounts.directory.attempt(&credentials(name, "wrong")).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })));
        let [(kind, count)] = &accounts.directory.verifications()[..] else { panic!("one kind") };
        assert!(kind.contains("Argon2id") && *count == number, "{name}: {kind}, {count}");
    }
}

/// Where everybody in these tests comes from.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A first login on a new connection.
pub trait Attempt: Directory {
    fn attempt(&self, credentials: &Credentials) -> impl Future<Output = Result<User, AuthError>> + Send {
        self.authenticate(Login { credentials, from: HERE, failures: 0 })
    }
}

impl<D: Directory> Attempt for D {}

/// "correct horse" in every form, as Dovecot 2.3 made them, and cheap ones.
pub const SHA512: &str = "{SHA512-CRYPT}$6$cahwj8Y3SGcCr6IJ$ENh52toYfDngZQQRF.ToO3a/ymX.OGON5k/WUiolPcgP5K5oVePA1jvErBk2LwTigWPjY012wsZ/r9SnCKOz2/";
pub const SHA256: &str = "{SHA256-CRYPT}$5$JXYbUrkB7NciAy7i$znmWqfOBE960F/GmCc8b3YVm/skIWFVI5I9kA2chw27";
pub const ARGON2ID: &str =
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$vh4V1M3KA2JTACiRvMw3ZQ$FHauVCyeplGz8Jfkf0HIm9Q+L30ZYojbvsi4HDqslwk";
pub const ARGON2I: &str =
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$fznngAJXT4nS8JfFyzEBXQ$UAZTuaqiXW/OH8ErS/jbuNr4jUkZ821UoH8hok9uWZM";
/// "x"
pub const CHEAP_SHA512: &str = "{SHA512-CRYPT}$6$rounds=1000$VYgwJ.FyG0Py9kO0$BV9GOiC3QdK3ok2pK2SmRiECCbNlOy8scSPSwnMua9uf6W.lehUX1ml3NwQ4WFy4uvnbdX8A6qKfH.33Ql1uL/";

/// A passwd-file of its own for one test.
pub struct File {
    pub root: TempDir,
}

impl File {
    pub fn new(text: &str) -> Self {
        let file = Self { root: TempDir::new().unwrap() };
        file.write(text);
        file
    }

    pub fn path(&self) -> PathBuf {
        self.root.path().join("passwd")
    }

    pub fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    pub fn open(&self) -> PasswdFile {
        PasswdFile::open(&self.path(), "example.org").unwrap()
    }
}

/// S-020, S-021: what a refusal costs does not depend on who was named, whatever schemes there are. Counted, not timed.
pub async fn every_refusal_costs_the_same() {
    let argon2 = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let file = File::new(&format!("plain:{{PLAIN}}x\nsha:{CHEAP_SHA512}\nargon:{{ARGON2ID}}{argon2}\nlocked:!\n"));
    let directory = file.open();
    let mut before: Vec<(String, u64)> = Vec::new();
    for name in ["plain", "sha", "argon", "locked", "nobody", "no/body", ""] {
        let refused = directory.attempt(&credentials(name, "wrong")).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })), "{name}: {refused:?}");
        let now = directory.verifications();
        let counts: Vec<u64> = now.iter().map(|(_, count)| *count).collect();
        let elders: Vec<u64> = before.iter().map(|(_, count)| count + 1).collect();
        assert_eq!(counts, if before.is_empty() { vec![1, 1] } else { elders }, "{name}: one of each kind");
        before = now;
    }
    let timestamp = Timestamp::new(1, "example.org");
    let digest = ApopDigest::of(&timestamp, b"x");
    let apop = Credentials::Apop { name: b"plain".to_vec(), timestamp, digest };
    assert!(matches!(directory.attempt(&apop).await, Err(AuthError::Refused { .. })));
    let both = |counts: &[(String, u64)]| counts.iter().map(|(_, count)| *count).collect::<Vec<_>>();
    assert_eq!(both(&directory.verifications()), [8, 8]);
    directory.attempt(&credentials("plain", "x")).await.unwrap();
    assert_eq!(both(&directory.verifications()), [8, 8], "a clear password that is right waits for no hash");
    for _ in 0..3 {
        directory.attempt(&credentials("sha", "x")).await.unwrap();
    }
    let [argon2, sha] = both(&directory.verifications())[..] else { panic!("two kinds") };
    assert_eq!(argon2.min(sha), 8);
    assert_eq!(argon2.max(sha), 9, "a password that was right lately costs no second hash");
}

/// A changed file counts at the next login, whichever way it was changed.
pub async fn a_changed_file_is_read_again() {
    let file = File::new("alice:{PLAIN}one\n");
    let directory = file.open();
    directory.attempt(&credentials("alice", "one")).await.unwrap();
    // In place, with as many octets as before.
    file.write("alice:{PLAIN}two\n");
    assert!(directory.attempt(&credentials("alice", "one")).await.is_err());
    directory.attempt(&credentials("alice", "two")).await.unwrap();
    // By another file of the same name, as editors do.
    fs::write(file.root.path().join("new"), "bob:{PLAIN}two\n").unwrap();
    fs::rename(file.root.path().join("new"), file.path()).unwrap();
    assert!(directory.attempt(&credentials("alice", "two")).await.is_err());
    directory.attempt(&credentials("bob", "two")).await.unwrap();
    fs::remove_file(file.path()).unwrap();
    let gone = directory.attempt(&credentials("bob", "two")).await;
    assert!(matches!(gone, Err(AuthError::Unavailable(_))), "nobody is let in by a file that is gone: {gone:?}");
    file.write("bob:{PLAIN}two\n");
    directory.attempt(&credentials("bob", "two")).await.unwrap();
}

/// S-024: a login of whom nothing bad is known does not wait behind connections that have failed before.
pub async fn a_fresh_login_does_not_wait_behind_guessers() {
    // So dear that all have come before the first is through, however slow the machine.
    let accounts = Accounts::new(HashCost::new(98_304, 2).unwrap());
    accounts.directory.add("alice", &Password::new("right")).unwrap();
    let directory = Arc::new(accounts.directory.with_password_checks(std::num::NonZeroUsize::MIN));
    let login = |name: String, password: &'static str, failures: u32| {
        let directory = Arc::clone(&directory);
        async move {
            let credentials = credentials(&name, password);
            directory.authenticate(Login { credentials: &credentials, from: HERE, failures }).await.is_ok()
        }
    };
    let mut logins = tokio::task::JoinSet::new();
    // Neither the first who waits nor the last.
    for number in 0..64 {
        if number == 32 {
            logins.spawn(login("alice".to_owned(), "right", 0));
        }
        logins.spawn(login(format!("guess{number}"), "wrong", 1));
    }
    let mut before = 0;
    while !logins.join_next().await.unwrap().unwrap() {
        before += 1;
        // The one that had begun, and perhaps the one whose turn it is for having waited longest.
        assert!(before <= 3, "{before} guesses went first");
    }
}

/// Rule O1: the password before the last change is known for 90 days, and opens nothing.
pub async fn the_previous_password_is_known_for_a_while() {
    let accounts = Accounts::new(cheap());
    let directory = &accounts.directory;
    let alice = directory.add("alice", &Password::new("old")).unwrap();
    assert!(!directory.was_previous(&alice, &Password::new("old")).await, "it is the present one");
    directory.set_password("alice", &Password::new("new")).unwrap();
    assert!(directory.was_previous(&alice, &Password::new("old")).await);
    assert!(!directory.was_previous(&alice, &Password::new("new")).await);
    assert!(!directory.was_previous(&alice, &Password::new("other")).await);
    let nobody = UserName::parse(b"nobody", "example.org").unwrap();
    assert!(!directory.was_previous(&nobody, &Password::new("old")).await);
    let path = accounts.root.path().join("accounts.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let days: i64 = database
        .query_row("SELECT (previous_until - unixepoch() + 43200) / 86400 FROM account", [], |row| row.get(0))
        .unwrap();
    assert_eq!(days, 90);
    database.execute("UPDATE account SET previous_until = unixepoch() - 1", []).unwrap();
    assert!(!directory.was_previous(&alice, &Password::new("old")).await, "90 days are over");
    SqliteDirectory::open(&path, "example.org", cheap()).unwrap();
    let kept: Option<String> = database.query_row("SELECT previous_hash FROM account", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None, "what is over is wiped");
}
