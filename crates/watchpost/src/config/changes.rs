//! What a running server can take over from a file that was read again, and what it cannot.

use super::Config;

/// Keys and tables that hold from start to stop. `listener` stands for all of its keys.
const HELD: [&str; 9] =
    ["domain", "data_dir", "listener", "directory", "store", "observatory", "capture", "log", "limits.password_checks"];

/// Whether a change of this key (`store.path`, `limits.idle_time`) needs a restart.
pub(super) fn needs_restart(key: &str) -> bool {
    let (table, _) = key.split_once('.').unwrap_or((key, ""));
    HELD.contains(&table) || HELD.contains(&key)
}

impl Config {
    /// Which keys differ in the new configuration that a running server cannot take over; listeners count from zero, as
    /// in `listener[1].address`. A listener that was added or removed is named without a key.
    pub fn restart_only_changes(&self, new: &Self) -> Vec<String> {
        let plain = [
            ("domain", self.domain != new.domain),
            ("data_dir", self.data_dir != new.data_dir),
            ("directory.kind", self.directory.kind != new.directory.kind),
            ("directory.path", self.directory.path != new.directory.path),
            ("store.path", self.store.path != new.store.path),
            ("limits.password_checks", self.limits.password_checks != new.limits.password_checks),
            ("log.format", self.log.format != new.log.format),
            ("log.level", self.log.level != new.log.level),
        ];
        let plain = plain.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key.to_owned());
        let observatory = self.observatory.changes(&new.observatory);
        plain.chain(observatory).chain(self.capture.changes(&new.capture)).chain(self.changed_listeners(new)).collect()
    }

    fn changed_listeners(&self, new: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        for index in 0..self.listeners.len().max(new.listeners.len()) {
            let (Some(old), Some(new)) = (self.listeners.get(index), new.listeners.get(index)) else {
                changed.push(format!("listener[{index}]"));
                continue;
            };
            let keys = [
                ("protocol", old.protocol != new.protocol),
                ("address", old.address != new.address),
                ("plaintext_login", old.plaintext_login != new.plaintext_login),
            ];
            changed
                .extend(keys.iter().filter(|(_, differs)| *differs).map(|(key, _)| format!("listener[{index}].{key}")));
        }
        changed
    }
}
