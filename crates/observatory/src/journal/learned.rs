//! What outlives a restart, as rows: where owners are at home, what is usual for them, who is banned.
//!
//! These rows are written in one transaction with all events that led to them, open sessions' too: after a crash the
//! next run knows no more and no less than the events tell.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use watchpost_proto::planted::planted;

use super::codec::Micros;
use super::codec::words::{ACCOUNT_CHANGES, code, of_code};
use super::db;
use super::pending::signed;
use super::verdict::{Judge, Judging, Said};
use crate::address::Network;
use crate::answers::Ban;
use crate::carried::{Carried, Changes, Habit, Learned, UsedTool};
use crate::classify::Classifier;
use crate::event::{AccountChange, Event, EventKind, Sequence};
use crate::trust::Home;
use crate::verdict::Verdict;
use crate::volume::Volume;

/// The second version of the file.
pub(super) const SECOND: &str = "
    CREATE TABLE trust (
        account TEXT NOT NULL,
        net TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        times INTEGER NOT NULL,
        inside_tls INTEGER NOT NULL,
        tool INTEGER NOT NULL,
        PRIMARY KEY (account, net)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE habit (
        account TEXT PRIMARY KEY NOT NULL,
        removals INTEGER NOT NULL,
        day INTEGER NOT NULL,
        today INTEGER NOT NULL,
        mean REAL NOT NULL,
        days INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tool (mark INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
    CREATE TABLE ban (
        network TEXT PRIMARY KEY NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        times INTEGER NOT NULL,
        keyhole INTEGER NOT NULL,
        exported INTEGER NOT NULL,
        enforced INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE start (
        sequence INTEGER PRIMARY KEY,
        day INTEGER NOT NULL,
        carried BLOB NOT NULL
    ) STRICT;
    CREATE TABLE told (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        account TEXT NOT NULL,
        change INTEGER NOT NULL
    ) STRICT;";

/// Starts whose knowledge is kept for replays.
const STARTS_MAX: i64 = 32;
/// A network is known to an account for so long, and a tool to all of them.
const KNOWN_DAYS: i64 = 90;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Waiting {
    /// The rows that are there say nothing any more.
    anew: bool,
    changes: Changes,
    /// What a start began with.
    starts: Vec<(Sequence, i64, Vec<u8>)>,
    /// Notes of commands up to this one are events now.
    told: i64,
    is_urgent: bool,
}

impl Waiting {
    /// Takes what changed.
    pub(super) fn take(&mut self, learned: Learned) {
        if planted("journal.bans-and-trust-not-kept") {
            return;
        }
        match learned {
            Learned::Some(changes) => {
                self.changes.homes.extend(changes.homes);
                self.changes.habits.extend(changes.habits);
                self.changes.tools.extend(changes.tools);
                self.changes.bans.extend(changes.bans);
            }
            Learned::Everything(carried) => {
                let mut homes: BTreeMap<String, Vec<Home>> = BTreeMap::new();
                for home in carried.homes {
                    homes.entry(home.account.clone()).or_default().push(home);
                }
                let habits = carried.habits.into_iter().map(|habit| (habit.account.clone(), Some(habit))).collect();
                // What waits says more of its bans.
                let bans = carried.bans.into_iter().chain(std::mem::take(&mut self.changes.bans)).collect();
                self.changes = Changes { homes, habits, tools: carried.tools, bans };
                self.anew = true;
            }
        }
    }

    /// The server began, knowing this: a replay that comes here must know it too.
    pub(super) fn began(&mut self, sequence: Sequence, day: i64, learned: &Learned) {
        let Learned::Everything(carried) = learned else { return };
        if !carried.is_empty() {
            // Numbers and names, which JSON always holds.
            self.starts.push((sequence, day, serde_json::to_vec(carried).unwrap_or_default()));
        }
    }

    /// What was learned must not wait: a ban that is not kept would be over with the process.
    pub(super) fn hurry(&mut self) {
        self.is_urgent |= !planted("journal.a-ban-can-wait");
    }

    /// The note of a command is an event now.
    pub(super) fn heard(&mut self, note: i64) {
        self.told = self.told.max(note);
        // Until it is gone it would be heard again.
        self.is_urgent = true;
    }

    /// Whether it must not wait for the next look at open sessions.
    pub(super) const fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    pub(super) fn is_empty(&self) -> bool {
        let Changes { homes, habits, tools, bans } = &self.changes;
        let nothing = homes.is_empty() && habits.is_empty() && tools.is_empty() && bans.is_empty();
        nothing && !self.anew && self.starts.is_empty() && self.told == 0
    }

    pub(super) fn write(&self, file: &Connection) -> rusqlite::Result<()> {
        if self.anew {
            file.execute_batch("DELETE FROM trust; DELETE FROM habit; DELETE FROM tool")?;
        }
        self.write_homes(file)?;
        self.write_habits(file)?;
        let mut tool = file.prepare_cached("INSERT OR REPLACE INTO tool VALUES (?1, ?2)")?;
        for used in &self.changes.tools {
            tool.execute(params![used.tool.cast_signed(), used.last])?;
        }
        // What is carried says less of a ban than its beginning did.
        let mut ban = file.prepare_cached(
            "INSERT INTO ban VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET since = excluded.since,
                until = excluded.until, times = excluded.times, keyhole = excluded.keyhole,
                exported = excluded.exported, enforced = excluded.enforced WHERE excluded.since > 0",
        )?;
        for Ban { network, since, until, times, keyhole, exported, enforced } in &self.changes.bans {
            ban.execute(params![network.to_string(), since, until, times, keyhole, exported, enforced])?;
        }
        for (sequence, day, carried) in &self.starts {
            file.execute(
                "INSERT OR REPLACE INTO start VALUES (?1, ?2, ?3)",
                params![signed(sequence.0), day, carried],
            )?;
        }
        if self.told > 0 {
            file.execute("DELETE FROM told WHERE id <= ?1", [self.told])?;
        }
        Ok(())
    }

    fn write_homes(&self, file: &Connection) -> rusqlite::Result<()> {
        let mut remove = file.prepare_cached("DELETE FROM trust WHERE account = ?1")?;
        let mut add = file.prepare_cached("INSERT OR REPLACE INTO trust VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for (account, homes) in &self.changes.homes {
            remove.execute([account])?;
            for Home { account, net, first, last, times, inside_tls, tool } in homes {
                let net = net.to_string();
                add.execute(params![account, net, first, last, times, inside_tls, tool.cast_signed()])?;
            }
        }
        Ok(())
    }

    fn write_habits(&self, file: &Connection) -> rusqlite::Result<()> {
        let mut remove = file.prepare_cached("DELETE FROM habit WHERE account = ?1")?;
        let mut add = file.prepare_cached("INSERT OR REPLACE INTO habit VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for (account, habit) in &self.changes.habits {
            remove.execute([account])?;
            if let Some(Habit { account, removals, volume: Volume { day, today, mean, days } }) = habit {
                add.execute(params![account, removals, day, signed(*today), mean, days])?;
            }
        }
        Ok(())
    }
}

/// A judge that lets what the classifier learns be kept. At the beginning, and when something was lost, that is all it
/// knows.
pub fn judge_with(classifier: Classifier) -> Judge {
    judge_heard(classifier, |_| {})
}

/// The same, and `hear` hears of every verdict.
pub fn judge_heard(classifier: Classifier, hear: impl FnMut(&Verdict) + Send + 'static) -> Judge {
    Box::new(Learning { classifier, hear, anew: false })
}

/// A classifier whose knowledge is kept.
struct Learning<H> {
    classifier: Classifier,
    hear: H,
    /// What is kept may be anything: all that is known is to be written.
    anew: bool,
}

impl<H: FnMut(&Verdict) + Send> Judging for Learning<H> {
    fn judge(&mut self, sequence: Sequence, event: &Event) -> Said {
        if !Classifier::heeds(event) {
            return Said::default();
        }
        let findings = self.classifier.observe(sequence, event);
        findings.verdicts.iter().for_each(&mut self.hear);
        self.anew |= matches!(event.kind, EventKind::Started | EventKind::Lost { .. });
        Said { must_be_kept: self.anew || self.classifier.must_be_kept(), ..Said::from(findings) }
    }

    fn learned(&mut self) -> Option<Learned> {
        let changed = self.classifier.learned();
        if std::mem::take(&mut self.anew) { Some(Learned::Everything(self.classifier.carried())) } else { changed }
    }
}

/// Whether the file has these tables: a server of an older version may not have made them yet.
pub(super) fn is_kept(file: &Connection) -> rusqlite::Result<bool> {
    Ok(file.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? >= 2)
}

/// Everything that is kept. Who was there least lately comes first, so that he makes room first.
pub(super) fn carried(file: &Connection) -> rusqlite::Result<Carried> {
    if !is_kept(file)? {
        return Ok(Carried::default());
    }
    Ok(Carried {
        homes: homes(file, "1 OR account = ?1", "")?,
        bans: bans(file)?,
        habits: rows(
            file,
            "SELECT account, removals, day, today, mean, days FROM habit ORDER BY day, account",
            |row| {
                let volume = Volume {
                    day: row.get(2)?,
                    today: row.get::<_, i64>(3)?.cast_unsigned(),
                    mean: row.get(4)?,
                    days: row.get(5)?,
                };
                Ok(Some(Habit { account: row.get(0)?, removals: row.get(1)?, volume }))
            },
        )?,
        tools: rows(file, "SELECT mark, last FROM tool ORDER BY last, mark", |row| {
            Ok(Some(UsedTool { tool: row.get::<_, i64>(0)?.cast_unsigned(), last: row.get(1)? }))
        })?,
    })
}

/// Homes of one account, or of all.
pub(super) fn homes(file: &Connection, which: &str, account: &str) -> rusqlite::Result<Vec<Home>> {
    let query = format!(
        "SELECT account, net, first, last, times, inside_tls, tool FROM trust WHERE {which} ORDER BY last, account, net"
    );
    let mut query = file.prepare_cached(&query)?;
    let found = query.query_map([account], |row| {
        let Ok(net) = row.get::<_, String>(1)?.parse::<Network>() else { return Ok(None) };
        Ok(Some(Home {
            account: row.get(0)?,
            net,
            first: row.get(2)?,
            last: row.get(3)?,
            times: row.get(4)?,
            inside_tls: row.get(5)?,
            tool: row.get::<_, i64>(6)?.cast_unsigned(),
        }))
    })?;
    found.filter_map(Result::transpose).collect()
}

/// Every ban, over or not.
pub(super) fn bans(file: &Connection) -> rusqlite::Result<Vec<Ban>> {
    let query = "SELECT network, since, until, times, keyhole, exported, enforced FROM ban ORDER BY until, network";
    rows(file, query, |row| {
        let Ok(network) = row.get::<_, String>(0)?.parse::<Network>() else { return Ok(None) };
        Ok(Some(Ban {
            network,
            since: row.get(1)?,
            until: row.get(2)?,
            times: row.get(3)?,
            keyhole: row.get(4)?,
            exported: row.get(5)?,
            enforced: row.get(6)?,
        }))
    })
}

fn rows<T>(
    file: &Connection,
    query: &str,
    mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Vec<T>> {
    let mut query = file.prepare_cached(query)?;
    let rows = query.query_map([], |row| each(row))?;
    rows.filter_map(Result::transpose).collect()
}

/// What the server knew when it began, at this event.
pub(super) fn carried_at(file: &Connection, sequence: Sequence) -> rusqlite::Result<Option<Carried>> {
    if !is_kept(file)? {
        return Ok(None);
    }
    let mut query = file.prepare_cached("SELECT carried FROM start WHERE sequence = ?1")?;
    let text: Option<Vec<u8>> = query.query_row([signed(sequence.0)], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}

/// What is old goes: networks that are unknown again, bans whose addresses must not be kept any longer.
pub(super) fn forget(file: &Connection, today: i64, addresses: i64, sessions: i64) -> rusqlite::Result<()> {
    let before = |days: i64| today.saturating_sub(days).saturating_mul(86_400);
    file.prepare_cached("DELETE FROM trust WHERE last < ?1")?.execute([before(KNOWN_DAYS)])?;
    file.prepare_cached("DELETE FROM tool WHERE last < ?1")?.execute([before(KNOWN_DAYS)])?;
    file.prepare_cached("DELETE FROM habit WHERE day < ?1")?.execute([today.saturating_sub(KNOWN_DAYS)])?;
    file.prepare_cached("DELETE FROM ban WHERE until < ?1")?.execute([before(addresses)])?;
    file.prepare_cached(
        "DELETE FROM start WHERE day < ?1 OR sequence NOT IN (SELECT sequence FROM start ORDER BY sequence DESC LIMIT ?2)",
    )?
    .execute([today.saturating_sub(addresses.min(sessions)), STARTS_MAX])?;
    Ok(())
}

/// Notes that commands left behind this one, as events.
pub(super) fn told(file: &Connection, behind: i64) -> rusqlite::Result<Vec<(i64, Event)>> {
    let mut query = file.prepare_cached("SELECT id, at, account, change FROM told WHERE id > ?1 ORDER BY id")?;
    let rows = query.query_map([behind], |row| {
        let (id, at, account): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // A change that this version does not know is taken for the gravest.
        let change = of_code(&ACCOUNT_CHANGES, row.get(3)?).unwrap_or(AccountChange::Password);
        let kind = EventKind::AccountChanged { account, change };
        Ok((id, Event { at: Micros(at).time(), connection: crate::event::ConnectionId(0), kind }))
    })?;
    rows.collect()
}

/// Why a journal could not be told.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Untold(String);

/// Leaves word of a changed account in a journal: its server, running or started later, makes an event of it. Where
/// there is no journal nothing was learned of the account, and nothing is to be told.
pub fn tell(path: &Path, account: &str, change: AccountChange, at: SystemTime) -> Result<(), Untold> {
    if !path.exists() || planted("journal.password-change-not-told") {
        return Ok(());
    }
    let file = db::open(path).map_err(|error| Untold(error.to_string()))?;
    let row = params![Micros::of(at).0, account, code(&ACCOUNT_CHANGES, &change)];
    let added = file.execute("INSERT INTO told (at, account, change) VALUES (?1, ?2, ?3)", row);
    added.map(|_| ()).map_err(|error| Untold(error.to_string()))
}
