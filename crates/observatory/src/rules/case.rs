//! What a rule judges, and what it finds.

use watchpost_proto::pop3::server::Notice;

use crate::account::{Account, Pair, Visits};
use crate::campaign::Campaign;
use crate::carried::Habit;
use crate::classify::Classifier;
use crate::event::{Answered, Foreign, PasswordFacts, Sequence, SessionSummary, Spoken, TlsFailure};
use crate::ground::{Fact, Ground};
use crate::origin::Origin;
use crate::score::{Ladder, Offender, TriedKind};
use crate::session::Session;
use crate::signatures::Signature;
use crate::sketch::Seconds;
use crate::table::Few;
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

impl Happening<'_> {
    /// What kind it is.
    pub(crate) const fn kind(&self) -> Kinds {
        match self {
            Self::Opened => Kinds::OPENED,
            Self::HandshakeDone => Kinds::HANDSHAKE_DONE,
            Self::HandshakeFailed(_) => Kinds::HANDSHAKE_FAILED,
            Self::Said { .. } => Kinds::SAID,
            Self::Answered(_) => Kinds::ANSWERED,
            Self::Refused(_) => Kinds::REFUSED,
            Self::Entered(_) => Kinds::ENTERED,
            Self::OldPassword(_) => Kinds::OLD_PASSWORD,
            Self::Foreign(_) => Kinds::FOREIGN,
            Self::Noticed(_) => Kinds::NOTICED,
            Self::Closed(_) => Kinds::CLOSED,
        }
    }
}

/// Kinds of happenings, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    /// How many there are.
    pub(crate) const COUNT: usize = 11;
    pub(crate) const OPENED: Self = Self(1);
    pub(crate) const HANDSHAKE_DONE: Self = Self(1 << 1);
    pub(crate) const HANDSHAKE_FAILED: Self = Self(1 << 2);
    pub(crate) const SAID: Self = Self(1 << 3);
    pub(crate) const ANSWERED: Self = Self(1 << 4);
    pub(crate) const REFUSED: Self = Self(1 << 5);
    pub(crate) const ENTERED: Self = Self(1 << 6);
    pub(crate) const OLD_PASSWORD: Self = Self(1 << 7);
    pub(crate) const FOREIGN: Self = Self(1 << 8);
    pub(crate) const NOTICED: Self = Self(1 << 9);
    pub(crate) const CLOSED: Self = Self(1 << 10);

    /// These and those.
    pub(crate) const fn or(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether all of those are among these.
    pub(crate) const fn has(self, those: Self) -> bool {
        self.0 & those.0 == those.0
    }

    /// The one kind at this place of all.
    pub(crate) const fn at(place: usize) -> Self {
        Self(1 << place)
    }

    /// The place of one kind among all.
    pub(crate) const fn place(self) -> usize {
        self.0.trailing_zeros() as usize
    }
}

/// A guess whose password met other accounts too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) sequence: Sequence,
    pub(crate) at: Seconds,
    /// Nobody is at home where it came from.
    pub(crate) strange: bool,
}

/// What a rule judges. What is remembered is looked up when a rule asks for it: most ask for none.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) sequence: Sequence,
    pub(crate) now: Seconds,
    pub(crate) happening: Happening<'a>,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) ladder: &'a Ladder,
    pub(crate) session: &'a Session,
    pub(crate) memory: &'a Classifier,
    /// The mark of the account that is guessed, or was entered.
    pub(crate) mark: Option<u64>,
}

impl<'a> Case<'a> {
    /// What the source did that weighs.
    pub(crate) fn source(&self) -> Option<&'a Offender> {
        self.memory.sources.peek(&self.session.source)
    }

    /// Visits of the source, whatever they were.
    pub(crate) fn visits(&self) -> Option<&'a Visits> {
        self.memory.visitors.peek(&self.session.source)
    }

    /// The account that is guessed, or was entered.
    pub(crate) fn account(&self) -> Option<&'a Account> {
        self.memory.accounts.peek(&self.mark?)
    }

    /// What is usual for the account.
    pub(crate) fn habit(&self) -> Option<&'a Habit> {
        self.memory.habits.peek(&self.mark?)
    }

    /// The same wrong password from the same place, of a refused login.
    pub(crate) fn pair(&self) -> Option<&'a Pair> {
        self.memory.device(self.session.source, self.mark?)
    }

    /// The campaign that uses the client's tool.
    pub(crate) fn campaign(&self) -> Option<&'a Campaign> {
        self.memory.campaigns.find(self.session.fingerprint?)
    }

    /// Whether owners use the client's tool.
    pub(crate) fn owners_use_tool(&self) -> bool {
        self.session.fingerprint.is_some_and(|tool| self.memory.owners_use(tool, self.now))
    }

    /// Where the source belongs, as the operator's lists say.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.memory.origin(self.session.source)
    }

    /// Networks whose clients complained of our certificate within an hour.
    pub(crate) fn complaining_nets(&self) -> usize {
        self.memory.complaining_nets(self.now)
    }

    /// Guesses whose passwords met other accounts too.
    pub(crate) fn shared(&self) -> &'a Few<Shared, 32> {
        &self.memory.shared
    }

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
        self.memory.trust.anyone(self.session.net, self.now)
    }

    /// Logins inside TLS from the network by owners who are at home there.
    pub(crate) fn logins_inside_tls(&self) -> u32 {
        self.memory.trust.tls_habits(self.session.net).fold(0, |sum, (inside, _)| sum.saturating_add(inside))
    }

    /// The same; `None` where any of them logged in outside TLS.
    pub(crate) fn logins_inside_tls_alone(&self) -> Option<u32> {
        let mut habits = self.memory.trust.tls_habits(self.session.net);
        habits.try_fold(0_u32, |sum, (inside, outside)| (outside == 0).then(|| sum.saturating_add(inside)))
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
