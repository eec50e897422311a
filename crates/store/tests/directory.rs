//! Accounts: who may enter, and what nobody learns by trying.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::sync::Arc;

use checks::{Accounts, cheap, credentials, mode};
use watchpost_proto::{ApopDigest, Credentials, Password, Timestamp};
use watchpost_store::{
    AccountError, AccountState, AuthError, Directory, HashCost, NotAUserName, SqliteDirectory, StaticDirectory,
};

#[tokio::test]
async fn only_the_right_password_lets_in() {
    checks::only_the_right_password_lets_in().await;
}

#[tokio::test]
async fn a_password_that_was_right_is_worthless_once_it_is_changed() {
    checks::a_password_that_was_right_is_worthless_once_it_is_changed().await;
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_a_known_one() {
    checks::an_unknown_user_takes_as_long_as_a_known_one().await;
}

#[test]
fn accounts_are_added_changed_listed_and_removed() {
    let accounts = Accounts::new(cheap());
    let directory = &accounts.directory;
    assert!(directory.list().unwrap().is_empty());
    directory.add("bob", &Password::new("one")).unwrap();
    assert_eq!(directory.add("Alice@Example.NET", &Password::new("two")).unwrap().as_str(), "alice@example.net");
    assert!(matches!(directory.add("BOB", &Password::new("x")), Err(AccountError::AlreadyExists)));
    let listed: Vec<String> = directory.list().unwrap().iter().map(|account| account.name.to_string()).collect();
    assert_eq!(listed, ["alice@example.net", "bob@example.org"]);
    let account = directory.account("bob").unwrap();
    assert_eq!((account.state, account.created), (AccountState::Enabled, account.changed));
    directory.set_state("bob", AccountState::Disabled).unwrap();
    assert_eq!(directory.account("bob").unwrap().state, AccountState::Disabled);
    directory.remove("bob").unwrap();
    assert!(matches!(directory.account("bob"), Err(AccountError::Unknown)));
    assert!(matches!(directory.remove("bob"), Err(AccountError::Unknown)));
    assert!(matches!(directory.set_password("bob", &Password::new("x")), Err(AccountError::Unknown)));
    assert!(matches!(directory.set_state("bob", AccountState::Enabled), Err(AccountError::Unknown)));
    assert!(matches!(directory.add("a/b", &Password::new("x")), Err(AccountError::NotAName(NotAUserName::Character))));
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_for_every_process() {
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("old")).unwrap();
    let path = accounts.root.path().join("accounts.db");
    let other = SqliteDirectory::open(&path, "example.org", cheap()).unwrap();
    other.set_password("alice", &Password::new("new")).unwrap();
    assert!(accounts.directory.authenticate(&credentials("alice", "new")).await.is_ok());
    assert!(matches!(accounts.directory.authenticate(&credentials("alice", "old")).await, Err(AuthError::Refused)));
}

#[test]
fn the_accounts_are_for_their_owner_alone_and_hold_no_clear_password() {
    // S-027
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("tr0ub4dor&3")).unwrap();
    for name in checks::names(accounts.root.path()) {
        let path = accounts.root.path().join(name);
        assert_eq!(mode(&path), 0o600, "{path:?}");
        let octets = std::fs::read(&path).unwrap();
        assert!(!octets.windows(11).any(|window| window == b"tr0ub4dor&3"), "{path:?}");
    }
    let octets = std::fs::read(accounts.root.path().join("accounts.db-wal")).unwrap();
    let phc = b"$argon2id$v=19$m=64,t=1,p=1$";
    assert!(octets.windows(phc.len()).any(|window| window == phc));
}

#[test]
fn the_default_cost_is_memory_hard() {
    // S-027
    assert!(HashCost::new(1, 1).is_err());
    let accounts = Accounts::new(HashCost::default());
    accounts.directory.add("alice", &Password::new("x")).unwrap();
    let octets = std::fs::read(accounts.root.path().join("accounts.db-wal")).unwrap();
    let phc = b"$argon2id$v=19$m=19456,t=2,p=1$";
    assert!(octets.windows(phc.len()).any(|window| window == phc));
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let root = tempfile::TempDir::new().unwrap();
    let path = root.path().join("accounts.db");
    std::fs::write(&path, b"this is no database at all, but long enough to be looked at").unwrap();
    assert!(matches!(SqliteDirectory::open(&path, "example.org", cheap()), Err(AccountError::Storage(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logins_at_once_all_get_their_answer() {
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("right")).unwrap();
    let directory = Arc::new(accounts.directory);
    let logins: Vec<_> = (0..64)
        .map(|number| {
            let directory = Arc::clone(&directory);
            let password = if number % 2 == 0 { "right" } else { "wrong" };
            tokio::spawn(async move { directory.authenticate(&credentials("alice", password)).await.is_ok() })
        })
        .collect();
    for (number, login) in logins.into_iter().enumerate() {
        assert_eq!(login.await.unwrap(), number % 2 == 0);
    }
}

#[tokio::test]
async fn a_directory_in_memory_answers_alike() {
    // S-020
    let mut directory = StaticDirectory::new("example.org");
    directory.add("alice", "right", AccountState::Enabled).unwrap();
    directory.add("bob", "right", AccountState::Disabled).unwrap();
    let user = directory.authenticate(&credentials("Alice@example.org", "right")).await.unwrap();
    assert_eq!(user.name.as_str(), "alice@example.org");
    for (name, password) in [("alice", "wrong"), ("bob", "wrong"), ("nobody", ""), ("nobody", "right"), ("", "")] {
        let refused = directory.authenticate(&credentials(name, password)).await;
        assert!(matches!(refused, Err(AuthError::Refused)), "{name}");
    }
    assert!(matches!(directory.authenticate(&credentials("bob", "right")).await, Err(AuthError::Disabled)));
}

#[test]
fn nothing_shown_of_a_directory_has_a_secret_in_it() {
    // S-029
    let mut directory = StaticDirectory::new("example.org");
    directory.add("alice", "tr0ub4dor&3", AccountState::Enabled).unwrap();
    assert!(!format!("{directory:?}").contains("tr0ub4dor"));
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("tr0ub4dor&3")).unwrap();
    let shown = format!("{:?} {:?}", accounts.directory, credentials("alice", "tr0ub4dor&3"));
    assert!(!shown.contains("tr0ub4dor"));
    assert!(!shown.contains("$argon2id$"), "a hash is a secret too");
}

#[tokio::test]
async fn nobody_acts_as_somebody_else() {
    // P-104
    let mut directory = StaticDirectory::new("example.org");
    directory.add("alice", "secret", AccountState::Enabled).unwrap();
    let asking = |other: &str, password: &str| Credentials::Password {
        name: b"alice".to_vec(),
        password: Password::new(password),
        acting_as: Some(other.as_bytes().to_vec()),
    };
    assert!(directory.authenticate(&asking("ALICE@example.org", "secret")).await.is_ok());
    let refused = directory.authenticate(&asking("bob", "secret")).await;
    assert!(matches!(refused, Err(AuthError::NotAuthorizedAs)));
    // Who does not know the password learns nothing of rights.
    assert!(matches!(directory.authenticate(&asking("bob", "wrong")).await, Err(AuthError::Refused)));
}

#[tokio::test]
async fn apop_proves_a_secret_that_stands_in_clear_and_no_other() {
    // P-080, S-027
    let mut directory = StaticDirectory::new("example.org");
    directory.add("alice", "secret", AccountState::Enabled).unwrap();
    let timestamp = Timestamp::new(1, "example.org");
    let proof = |secret: &[u8]| Credentials::Apop {
        name: b"alice".to_vec(),
        timestamp: timestamp.clone(),
        digest: ApopDigest::of(&timestamp, secret),
    };
    assert!(directory.authenticate(&proof(b"secret")).await.is_ok());
    assert!(matches!(directory.authenticate(&proof(b"wrong")).await, Err(AuthError::Refused)));
}
