//! Accounts: who may enter, and what nobody learns by trying.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::sync::Arc;

use checks::{Accounts, Attempt, File, cheap, credentials, mode};
use watchpost_proto::{ApopDigest, Credentials, Password, Timestamp};
use watchpost_store::{
    AccountError, AccountState, AuthError, HashCost, NotAUserName, PasswdFile, SqliteDirectory, StaticDirectory,
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
async fn an_unknown_user_costs_as_much_as_a_known_one() {
    checks::an_unknown_user_costs_as_much_as_a_known_one().await;
}

#[tokio::test]
async fn every_refusal_costs_the_same() {
    checks::every_refusal_costs_the_same().await;
}

#[tokio::test]
async fn a_changed_file_is_read_again() {
    checks::a_changed_file_is_read_again().await;
}

#[tokio::test]
async fn a_fresh_login_does_not_wait_behind_guessers() {
    checks::a_fresh_login_does_not_wait_behind_guessers().await;
}

#[tokio::test]
async fn the_previous_password_is_known_for_a_while() {
    checks::the_previous_password_is_known_for_a_while().await;
}

#[tokio::test]
async fn the_driver_is_told_whether_there_is_such_an_account() {
    // S-020: the driver, for the observatory, and nobody outside.
    let accounts = Accounts::new(cheap());
    let directory = &accounts.directory;
    directory.add("alice", &Password::new("right")).unwrap();
    for (name, account) in [("ALICE", Some("alice@example.org")), ("nobody", None), ("no/body", None)] {
        let refused = directory.attempt(&credentials(name, "wrong")).await.unwrap_err();
        assert_eq!(refused.account().map(watchpost_store::UserName::as_str), account);
        assert_eq!(refused.to_string(), "user name or password is wrong");
    }
    directory.set_state("alice", AccountState::Disabled).unwrap();
    let disabled = directory.attempt(&credentials("alice", "right")).await.unwrap_err();
    assert_eq!(disabled.account().unwrap().as_str(), "alice@example.org");
}

#[tokio::test]
async fn what_dovecot_wrote_lets_in() {
    let text = format!(
        "# comment\n\na:{}\nb:{}:1:2::/home/b::userdb_mail=maildir:~/Maildir\nc:{}\nd:{}\ne@example.net:{{plain}}correct \
         horse\n",
        checks::SHA512,
        checks::SHA256,
        checks::ARGON2ID,
        checks::ARGON2I
    );
    let file = File::new(&text);
    let directory = file.open();
    assert_eq!(directory.findings(), []);
    for name in ["a", "b", "c", "d", "e@example.net"] {
        let user = directory.attempt(&credentials(name, "correct horse")).await.unwrap();
        assert_eq!(user.home.is_some(), name == "b", "{name}");
        assert!(directory.attempt(&credentials(name, "wrong")).await.is_err(), "{name}");
    }
    let user = directory.attempt(&credentials("b", "correct horse")).await.unwrap();
    assert_eq!(user.maildir.as_deref(), Some(std::path::Path::new("/home/b/Maildir")));
    let listed = directory.list().unwrap();
    let shown: Vec<_> = listed.iter().map(|account| (account.name.as_str(), account.scheme.unwrap())).collect();
    assert_eq!(
        shown,
        [
            ("a@example.org", "SHA512-CRYPT"),
            ("b@example.org", "SHA256-CRYPT"),
            ("c@example.org", "ARGON2ID"),
            ("d@example.org", "ARGON2I"),
            ("e@example.net", "PLAIN"),
        ]
    );
    assert!(!format!("{directory:?} {listed:?}").contains("horse"), "S-029");
}

#[tokio::test]
async fn a_line_that_cannot_be_used_refuses_its_account_alone() {
    let file = File::new("");
    let text =
        b"good:{PLAIN}x\r\nbad:{MD5}y\n\n good:{PLAIN}z\ngood:{PLAIN}z\nlocked:!\nnone:\n\xff:{PLAIN}x\nno colon";
    std::fs::write(file.path(), text).unwrap();
    let directory = file.open();
    directory.attempt(&credentials("good", "x")).await.unwrap();
    for (name, password) in [("good", "z"), ("bad", "y"), ("locked", ""), ("locked", "!"), ("none", "")] {
        let refused = directory.attempt(&credentials(name, password)).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })), "{name}");
    }
    let (findings, shown) = PasswdFile::inspect(&file.path(), "example.org").unwrap();
    assert_eq!(findings, directory.findings());
    let told: Vec<(usize, usize, &str)> =
        findings.iter().map(|finding| (finding.line, finding.column, &shown[finding.span.clone()])).collect();
    assert_eq!(
        told,
        [(2, 5, "{MD5}"), (4, 1, " good"), (5, 1, "good"), (7, 6, ""), (8, 1, "\u{fffd}:{PLAIN}*"), (9, 1, "********")]
    );
    assert!(findings.iter().all(|finding| !finding.trouble.help().is_empty()));
    assert_eq!(findings.iter().filter(|finding| !finding.trouble.refuses()).count(), 1);
}

#[tokio::test]
async fn a_disabled_account_says_so_to_who_knows_its_password() {
    let file = File::new(&format!("a:{}\nb:{{PLAIN}}x::::::nologin\n", checks::CHEAP_SHA512.replace("}$", "}!$")));
    let directory = file.open();
    for name in ["a", "b"] {
        let disabled = directory.attempt(&credentials(name, "x")).await;
        assert!(matches!(disabled, Err(AuthError::Disabled { .. })), "{name}: {disabled:?}");
        assert!(matches!(directory.attempt(&credentials(name, "y")).await, Err(AuthError::Refused { .. })));
        assert_eq!(directory.account(name).unwrap().state, AccountState::Disabled);
    }
}

#[tokio::test]
async fn an_account_may_be_bound_to_networks() {
    // S-020: from elsewhere the right password is refused as a wrong one is, and costs as much.
    let sha = checks::CHEAP_SHA512;
    let file = File::new(&format!("a:{sha}::::::allow_nets=192.0.2.0/24\nb:{sha}::::::allow_nets=10.0.0.0/8\n"));
    let directory = file.open();
    directory.attempt(&credentials("a", "x")).await.unwrap();
    for (name, password) in [("b", "x"), ("b", "x"), ("a", "y"), ("nobody", "x")] {
        let refused = directory.attempt(&credentials(name, password)).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })), "{name}");
    }
    assert_eq!(directory.verifications().iter().map(|(_, count)| count).sum::<u64>(), 5);
}

#[tokio::test]
async fn a_login_waits_for_no_writer() {
    let accounts = Accounts::new(cheap());
    accounts.directory.add("alice", &Password::new("right")).unwrap();
    let writer = rusqlite::Connection::open(accounts.root.path().join("accounts.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE account SET disabled = 1;").unwrap();
    accounts.directory.attempt(&credentials("alice", "right")).await.unwrap();
    writer.execute_batch("COMMIT").unwrap();
    let disabled = accounts.directory.attempt(&credentials("alice", "right")).await;
    assert!(matches!(disabled, Err(AuthError::Disabled { .. })), "and sees what it wrote: {disabled:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let root = tempfile::TempDir::new().unwrap();
    for path in [root.path().join("absent"), root.path().to_owned()] {
        assert!(matches!(PasswdFile::open(&path, "example.org"), Err(AccountError::Storage(_))), "{path:?}");
    }
}

#[test]
fn accounts_of_an_elder_version_get_what_is_new() {
    let root = tempfile::TempDir::new().unwrap();
    let path = root.path().join("accounts.db");
    let elder = rusqlite::Connection::open(&path).unwrap();
    elder
        .execute_batch(
            "CREATE TABLE account (name TEXT PRIMARY KEY NOT NULL, hash TEXT NOT NULL,
                disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
                created INTEGER NOT NULL DEFAULT (unixepoch()),
                changed INTEGER NOT NULL DEFAULT (unixepoch())) STRICT, WITHOUT ROWID;
             INSERT INTO account (name, hash) VALUES ('alice@example.org', '$6$x$y'); PRAGMA user_version = 1;",
        )
        .unwrap();
    let directory = SqliteDirectory::open(&path, "example.org", cheap()).unwrap();
    directory.set_password("alice", &Password::new("new")).unwrap();
    assert_eq!(directory.account("alice").unwrap().scheme, Some("ARGON2ID"));
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
    assert!(accounts.directory.attempt(&credentials("alice", "new")).await.is_ok());
    assert!(matches!(accounts.directory.attempt(&credentials("alice", "old")).await, Err(AuthError::Refused { .. })));
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
            tokio::spawn(async move { directory.attempt(&credentials("alice", password)).await.is_ok() })
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
    let user = directory.attempt(&credentials("Alice@example.org", "right")).await.unwrap();
    assert_eq!(user.name.as_str(), "alice@example.org");
    for (name, password) in [("alice", "wrong"), ("bob", "wrong"), ("nobody", ""), ("nobody", "right"), ("", "")] {
        let refused = directory.attempt(&credentials(name, password)).await;
        assert!(matches!(refused, Err(AuthError::Refused { .. })), "{name}");
    }
    assert!(matches!(directory.attempt(&credentials("bob", "right")).await, Err(AuthError::Disabled { .. })));
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
    assert!(directory.attempt(&asking("ALICE@example.org", "secret")).await.is_ok());
    let refused = directory.attempt(&asking("bob", "secret")).await;
    assert!(matches!(refused, Err(AuthError::NotAuthorizedAs { .. })));
    // Who does not know the password learns nothing of rights.
    assert!(matches!(directory.attempt(&asking("bob", "wrong")).await, Err(AuthError::Refused { .. })));
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
    assert!(directory.attempt(&proof(b"secret")).await.is_ok());
    assert!(matches!(directory.attempt(&proof(b"wrong")).await, Err(AuthError::Refused { .. })));
}
