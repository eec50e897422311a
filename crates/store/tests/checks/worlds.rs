//! What else happens to the maildrops of each store: restarts, and other software.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use watchpost_store::User;
use watchpost_store::conformance::machine::{Disturbance, World};
use watchpost_store::maildir::MaildirStore;
use watchpost_store::memory::MemoryStore;

use super::crash::scratch;
use super::{names, store_at};

/// Nobody else can reach a store in memory, and it ends with its process.
#[derive(Default)]
pub struct Memory(MemoryStore);

impl World for Memory {
    type Store = MemoryStore;

    fn store(&self) -> &MemoryStore {
        &self.0
    }

    async fn restart(&mut self) {}

    async fn disturb(&mut self, _: &User, _: usize) -> Disturbance {
        Disturbance::Unseen
    }
}

/// Maildirs that other software works in as well.
pub struct Maildirs {
    root: TempDir,
    store: MaildirStore,
    put: usize,
}

impl Maildirs {
    pub fn new() -> Self {
        let root = scratch();
        let store = store_at(root.path());
        Self { root, store, put: 0 }
    }

    fn maildir(&self, user: &User) -> PathBuf {
        let maildir = self.root.path().join(user.name.as_str()).join("Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        maildir
    }

    /// As an IMAP server does: out of new/, and flags come and go.
    fn flag(&self, user: &User) -> Disturbance {
        let maildir = self.maildir(user);
        for name in names(&maildir.join("cur")) {
            let (base, flags) = name.split_once(":2,").unwrap_or((&name, ""));
            let flags = if flags.contains('R') { "S" } else { "RS" };
            fs::rename(maildir.join("cur").join(&name), maildir.join("cur").join(format!("{base}:2,{flags}"))).unwrap();
        }
        for name in names(&maildir.join("new")) {
            fs::rename(maildir.join("new").join(&name), maildir.join("cur").join(format!("{name}:2,"))).unwrap();
        }
        Disturbance::Unseen
    }

    /// Names of ours alone say which message it was.
    fn remove(&self, user: &User, kind: usize) -> Disturbance {
        let maildir = self.maildir(user);
        let files = ["new", "cur"].into_iter().flat_map(|folder| {
            let folder = maildir.join(folder);
            names(&folder).into_iter().map(move |name| (folder.join(&name), name))
        });
        let ours: Vec<(PathBuf, String)> = files
            .filter_map(|(path, name)| Some((path, name.split('.').nth(1)?.strip_prefix('W')?.to_owned())))
            .collect();
        if ours.is_empty() {
            return Disturbance::Unseen;
        }
        let (path, id) = &ours[kind % ours.len()];
        fs::remove_file(path).unwrap();
        Disturbance::Removed(id.clone())
    }

    /// Older than everything by its name, and without a size in it.
    fn put(&mut self, user: &User) -> Disturbance {
        self.put += 1;
        let body = format!("Subject: foreign {}\n\n{}", self.put, "x\n".repeat(self.put)).into_bytes();
        let name = format!("new/{}.M1P{}.host", 1_600_000_000 - self.put, self.put);
        fs::write(self.maildir(user).join(name), &body).unwrap();
        Disturbance::Added(body)
    }
}

impl World for Maildirs {
    type Store = MaildirStore;

    fn store(&self) -> &MaildirStore {
        &self.store
    }

    async fn restart(&mut self) {
        self.store.finish_housekeeping().await;
        self.store = store_at(self.root.path());
    }

    async fn disturb(&mut self, user: &User, kind: usize) -> Disturbance {
        let index = self.maildir(user).join(".watchpost.index");
        match kind % 6 {
            0 => self.flag(user),
            1 => self.remove(user, kind / 6),
            2 | 3 => self.put(user),
            4 => {
                drop(fs::remove_file(index));
                Disturbance::OrderLost
            }
            _ => {
                // As after a crash, or by another version.
                if let Ok(octets) = fs::read(&index) {
                    fs::write(&index, &octets[..kind % (octets.len() + 1)]).unwrap();
                }
                Disturbance::OrderLost
            }
        }
    }
}
