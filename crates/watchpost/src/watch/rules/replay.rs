//! The journal, judged again with the numbers of this configuration: who would have been refused, and who of those whom
//! a rule suspects logged in later.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use serde_json::{Value, json};
use watchpost_observatory::journal::{Micros, Span};
use watchpost_observatory::{
    Carried, Classifier, ConnectionId, Event, EventKind, LoginAttempt, LoginOutcome, LoginVisitor, Network, Subject,
    Verdict,
};

use super::super::{Desk, page, shown};
use crate::cli::ExitCode;
use crate::console::Failure;
use crate::i18n::counted;
use crate::journal::{Secret, classifier};

/// Refused logins that are named; the others are counted.
const NAMED_MAX: usize = 20;
/// Accounts that are named behind a verdict.
const LATER_MAX: usize = 8;

/// A story: its rule, and where it began.
pub(super) type Key = (String, u64);

pub(super) fn key(verdict: &Verdict) -> Key {
    (verdict.rule.word().to_owned(), verdict.episode.began.0)
}

pub(super) fn evidence(verdict: &Verdict) -> Vec<u64> {
    verdict.evidence.iter().map(|sequence| sequence.0).collect()
}

/// A login that succeeded, and would have been refused.
struct Missed {
    at: Micros,
    account: String,
    from: IpAddr,
}

/// What the classifier says now.
#[derive(Default)]
pub(super) struct Again {
    /// The last verdict of each story.
    pub(super) verdicts: BTreeMap<Key, Verdict>,
    later: HashMap<Key, BTreeSet<String>>,
    by_source: HashMap<Network, BTreeSet<Key>>,
    open: HashMap<ConnectionId, IpAddr>,
    guesses: u64,
    logins: u64,
    named: Vec<Missed>,
}

impl Again {
    /// Accounts that were entered from the source of a verdict after it.
    pub(super) fn later(&self, verdict: &Verdict) -> Vec<&str> {
        self.later.get(&key(verdict)).into_iter().flatten().take(LATER_MAX).map(String::as_str).collect()
    }

    fn hear(&mut self, classifier: &mut Classifier, event: &Event, span: Span) {
        match &event.kind {
            EventKind::Opened { peer, .. } => {
                self.open.insert(event.connection, peer.ip());
            }
            EventKind::Closed(_) => {
                self.open.remove(&event.connection);
            }
            // Who was open when the server stopped is gone.
            EventKind::Started => self.open.clear(),
            EventKind::Login(attempt) => self.login(classifier, event, attempt, span),
            _ => {}
        }
    }

    /// Asks before the login is judged, as the server does.
    fn login(&mut self, classifier: &Classifier, event: &Event, attempt: &LoginAttempt, span: Span) {
        let Some(address) = self.open.get(&event.connection).copied() else { return };
        let fingerprint = classifier.fingerprint(event.connection);
        let visitor = LoginVisitor { address, account: attempt.account.as_deref(), fingerprint: fingerprint.as_ref() };
        let refused = classifier.answer(visitor, event.at).answer.refuses() && span.holds(Micros::of(event.at));
        let account = attempt.account.as_ref().filter(|_| attempt.outcome == LoginOutcome::Accepted);
        let Some(account) = account else {
            self.guesses += u64::from(refused);
            return;
        };
        for key in self.by_source.get(&Network::source(address)).into_iter().flatten() {
            self.later.entry(key.clone()).or_default().insert(account.clone());
        }
        if refused {
            self.logins += 1;
            if self.named.len() < NAMED_MAX {
                self.named.push(Missed { at: Micros::of(event.at), account: account.clone(), from: address });
            }
        }
    }

    fn found(&mut self, verdict: Verdict) {
        let key = key(&verdict);
        if let Subject::Source(source) = verdict.subject {
            self.by_source.entry(source).or_default().insert(key.clone());
        }
        self.verdicts.insert(key, verdict);
    }

    /// Whom the answers would have kept out, as lines.
    pub(super) fn refused(&self, desk: &Desk<'_>) -> Vec<String> {
        let counts = [("guesses", counted(self.guesses)), ("logins", counted(self.logins))];
        let mut lines = page::wrapped(&desk.talk.texts.format("talk-replay-refused", &counts), desk.columns);
        for Missed { at, account, from } in &self.named {
            let variables = [
                ("at", desk.reckoning.short(*at).into()),
                ("account", shown(account).into()),
                ("address", from.to_string().into()),
            ];
            lines.push(page::cut(
                &format!("! {}", desk.talk.texts.format("talk-replay-login", &variables)),
                desk.columns,
            ));
        }
        lines
    }

    /// The same for programs.
    pub(super) fn summary(&self) -> Value {
        let named: Vec<Value> = self
            .named
            .iter()
            .map(|Missed { at, account, from }| {
                let at = watchpost_observatory::journal::export::timestamp(*at);
                json!({ "at": at, "account": shown(account), "address": from })
            })
            .collect();
        json!({ "summary": {
            "refused_guesses": self.guesses, "refused_logins": self.logins, "first_refused_logins": named,
        } })
    }
}

/// Judges the whole journal again: what came before the span decides what is known in it.
pub(super) fn replayed(span: Span, desk: &Desk<'_>) -> Result<Again, Failure> {
    let data_dir = &desk.config.data_dir;
    let secret = Secret::read(data_dir).map_err(|error| {
        let variables = [("path", data_dir.display().to_string().into()), ("cause", error.to_string().into())];
        Failure::new(ExitCode::NoInput, desk.talk.texts.format("error-no-secret", &variables))
    })?;
    let mut classifier = classifier(desk.config, &secret);
    let mut again = Again::default();
    let reader = desk.reader()?;
    // What retention took away was known when the first session that is left began.
    if let Some((first, _)) = desk.read(reader.extent())? {
        let seconds = u32::try_from(first.0 / 1_000_000).unwrap_or(u32::MAX);
        classifier.restore(&desk.read(reader.carried())?.known_before(seconds));
    }
    let mut is_first = true;
    desk.read(reader.replay(|sequence, event| {
        again.hear(&mut classifier, event, span);
        for verdict in classifier.observe(sequence, event).verdicts {
            again.found(verdict);
        }
        // Where nothing is said, it goes on with what it knows itself.
        if event.kind == EventKind::Started
            && let Ok(Some(carried)) = reader.carried_at(sequence)
        {
            classifier.begin_with(&carried);
            if is_first {
                // Whose bans were made before the journal begins.
                classifier.restore(&Carried { bans: carried.bans, ..Carried::default() });
            }
        }
        is_first &= event.kind == EventKind::Started;
    }))?;
    Ok(again)
}
