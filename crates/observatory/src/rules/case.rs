//! What a rule judges, and what it finds.

use watchpost_proto::pop3::server::Notice;

use crate::account::{Account, Pair, Visits};
use crate::campaign::Campaign;
use crate::carried::Habit;
use crate::event::{Answered, Foreign, PasswordFacts, Sequence, SessionSummary, Spoken, TlsFailure};
use crate::ground::{Fact, Ground};
use crate::origin::Origin;
use crate::score::{Ladder, Offender, TriedKind};
use crate::session::Session;
use crate::signatures::Signature;
use crate::sketch::Seconds;
use crate::table::Few;
use crate::trust::Trust;
use crate::verdict::{Confidence, Severity, Subject};

use super::Thresholds;

/// A refused login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess<'a> {
    /// The account, if it exists.
    pub(crate) account: Option<&'a str>,
    /// The account, or the name that was offered.
    pub(crate) name: &'a str,
    /// Its mark among the accounts of a source.
    pub(crate) mark: u32,
    pub(crate) facts: Option<PasswordFacts>,
    pub(crate) kind: TriedKind,
    /// The same wrong password again: no guess.
    pub(crate) repeat: bool,
}

impl Guess<'_> {
    /// Whether it is a guess where nobody is at home.
    pub(crate) fn counts(&self) -> bool {
        !self.repeat && self.kind != TriedKind::Trusted
    }
}

/// A login that succeeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entered<'a> {
    pub(crate) account: &'a str,
    /// The source has offended lately, or uses the tool of a hot campaign.
    pub(crate) flagged: bool,
}

/// What just happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening<'a> {
    Opened,
    HandshakeDone,
    HandshakeFailed(TlsFailure),
    Said { spoken: &'a Spoken, signature: Option<&'static Signature> },
    Answered(&'a Answered),
    Refused(Guess<'a>),
    Entered(Entered<'a>),
    OldPassword(&'a str),
    Foreign(Foreign),
    Noticed(Notice),
    Closed(&'a SessionSummary),
}

/// A guess whose password met other accounts too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) sequence: Sequence,
    pub(crate) at: Seconds,
    /// Nobody is at home where it came from.
    pub(crate) strange: bool,
}

/// What a rule judges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) sequence: Sequence,
    pub(crate) now: Seconds,
    pub(crate) happening: Happening<'a>,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) ladder: &'a Ladder,
    pub(crate) session: &'a Session,
    pub(crate) source: Option<&'a Offender>,
    pub(crate) visits: Option<&'a Visits>,
    /// The account that is guessed, or was entered.
    pub(crate) account: Option<&'a Account>,
    /// What is usual for the account, after its login.
    pub(crate) habit: Option<&'a Habit>,
    pub(crate) pair: Option<&'a Pair>,
    pub(crate) campaign: Option<&'a Campaign>,
    pub(crate) origin: Option<&'a Origin>,
    pub(crate) trust: &'a Trust,
    /// Networks whose clients complained of our certificate within an hour.
    pub(crate) complaining_nets: usize,
    /// Whether owners use the client's tool.
    pub(crate) owners_use_tool: bool,
    pub(crate) shared: &'a Few<Shared, 32>,
}

impl<'a> Case<'a> {
    /// The refused login, if this is one that counts.
    pub(crate) fn guess(&self) -> Option<Guess<'a>> {
        match self.happening {
            Happening::Refused(guess) if guess.counts() => Some(guess),
            _ => None,
        }
    }

    /// The account that was entered, if this session entered one.
    pub(crate) fn entered(&self) -> Option<&'a str> {
        self.session.account.as_ref().map(|(_, name)| name.as_str())
    }

    /// Whether an owner at home is the likeliest explanation of what a session does after its login.
    pub(crate) const fn at_home(&self) -> bool {
        self.session.before.trusted
    }

    /// Whether any owner is at home in the network.
    pub(crate) fn anyone_home(&self) -> bool {
        self.trust.anyone(self.session.net, self.now)
    }

    /// Logins from the network by owners who are at home there: inside TLS, and outside.
    pub(crate) fn tls_habit(&self) -> (u32, u32) {
        self.trust.tls_habit(self.session.net)
    }

    /// A finding about the source.
    pub(crate) fn of_source(&self) -> Finding {
        Finding::new(Subject::Source(self.session.source))
    }

    /// What the client looks like, in a word.
    pub(crate) fn tool(&self) -> String {
        self.session.tool().map_or_else(|| self.session.shape.p3f(), |tool| tool.name().to_owned())
    }
}

/// What a rule finds.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) subject: Subject,
    /// Worse or better than the rule's own.
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Confidence,
    pub(crate) facts: Vec<Fact>,
    pub(crate) grounds: Vec<Ground>,
    /// Events before this one; this one is cited always.
    pub(crate) evidence: Vec<Sequence>,
}

impl Finding {
    pub(crate) fn new(subject: Subject) -> Self {
        Self {
            subject,
            severity: None,
            confidence: Confidence::High,
            facts: Vec::new(),
            grounds: Vec::new(),
            evidence: Vec::new(),
        }
    }

    pub(crate) fn sure(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(crate) fn severe(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub(crate) fn because(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.facts.extend(facts);
        self
    }

    pub(crate) fn surely(mut self, grounds: impl IntoIterator<Item = Ground>) -> Self {
        self.grounds.extend(grounds);
        self
    }

    pub(crate) fn citing(mut self, evidence: impl IntoIterator<Item = Sequence>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}
