//! A session that is watched: what it tells beside what it answers.

use crate::pop3::State;
use crate::pop3::server::{Action, Notice, Session, SessionState, Told};
use crate::types::MessageNumber;

impl Session {
    /// Tells what is said and answered, to be taken with [`Session::told`]. Before anything is received.
    #[must_use]
    pub fn with_witness(mut self) -> Self {
        self.watch = Some(Box::default());
        self
    }

    /// How much was told since [`Session::told`] was last called.
    pub fn told_so_far(&self) -> usize {
        self.watch.as_ref().map_or(0, |watch| watch.count())
    }

    /// Whether something was told since then that whoever watches should not learn late: all but usual lines and their
    /// replies.
    pub fn tells_something_notable(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.is_notable())
    }

    /// Takes what was told since this was last called; nothing without [`Session::with_witness`].
    pub fn told(&mut self) -> Vec<Told> {
        self.watch.as_mut().map_or_else(Vec::new, |watch| watch.take())
    }

    /// The connection is over: a line whose end never came is told too.
    pub fn tell_to_the_end(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
    }

    /// Something was noticed: the driver acts on it, and whoever watches hears of it in its place.
    pub(super) fn notice(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
        self.watch.iter_mut().for_each(|watch| watch.noticed(notice));
    }

    /// More of the reply that was begun has been written.
    pub(super) fn answered_more(&mut self, octets: usize) {
        self.watch.iter_mut().for_each(|watch| watch.answered_more(octets));
    }

    /// The reply that was begun is complete.
    pub(super) fn answered(&mut self, message: Option<MessageNumber>) {
        let waiting = !self.lines.waiting().is_empty();
        self.watch.iter_mut().for_each(|watch| watch.answered(message, waiting));
    }

    pub(super) fn watch_too_long(&mut self, state: State, limit: usize) {
        let waiting = self.lines.waiting();
        self.watch.iter_mut().for_each(|watch| watch.too_long(waiting, state, limit, false));
    }

    pub(super) fn watch_sasl_too_long(&mut self) {
        let (waiting, limit) = (self.lines.waiting(), self.limits.sasl_octets);
        self.watch.iter_mut().for_each(|watch| watch.too_long(waiting, State::Authorization, limit, true));
    }

    pub(super) fn watch_too_long_answered(&mut self) {
        let closed = matches!(self.state, SessionState::Closed);
        self.watch.iter_mut().for_each(|watch| watch.too_long_answered(closed));
    }
}
