//! When to ask a server again: a function of what it said last.

use std::time::Duration;

/// The longest pause after troubles that pass.
const BACK_OFF_MAX: Duration = Duration::from_hours(1);
/// The first pause after a refused password: servers lock accounts after a few.
const REFUSED_FIRST: Duration = Duration::from_hours(1);
/// The longest.
const REFUSED_MAX: Duration = Duration::from_hours(24);

/// How the last session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Well.
    Well,
    /// With something that may pass: no connection, a maildrop that is in use.
    Troubled,
    /// The server does not accept the password.
    Refused,
}

/// What is remembered of an account between sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Sessions in a row that ended in the same kind of trouble.
    troubles: u32,
    last: Option<Ended>,
    /// What the server wants between logins (C-066).
    login_delay: Duration,
}

impl History {
    /// A session has ended.
    pub fn note(&mut self, ended: Ended, login_delay: Option<u64>) {
        if self.last != Some(ended) {
            self.troubles = 0;
        }
        self.last = Some(ended);
        self.troubles = if ended == Ended::Well { 0 } else { self.troubles.saturating_add(1) };
        if let Some(seconds) = login_delay {
            self.login_delay = Duration::from_secs(seconds.min(86_400));
        }
    }

    /// How long to wait. `random`: spreads the sessions of many over a tenth of the time.
    pub fn pause(&self, every: Duration, random: u16) -> Duration {
        let doubled = |first: Duration, max: Duration| {
            let times = 1_u32 << self.troubles.saturating_sub(1).min(16);
            first.saturating_mul(times).min(max).max(every)
        };
        let pause = match self.last {
            None | Some(Ended::Well) => every,
            Some(Ended::Troubled) => doubled(every, BACK_OFF_MAX),
            Some(Ended::Refused) => doubled(REFUSED_FIRST, REFUSED_MAX),
        };
        let pause = pause.max(self.login_delay);
        // Never less: LOGIN-DELAY is a floor.
        pause + pause.mul_f64(f64::from(random) / f64::from(u16::MAX) / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn after(ends: &[Ended]) -> Duration {
        let mut history = History::default();
        for ended in ends {
            history.note(*ended, None);
        }
        history.pause(MINUTE, 0)
    }

    #[test]
    fn troubles_double_the_pause_and_a_refused_password_stops_the_hammering() {
        use Ended::{Refused, Troubled, Well};
        assert_eq!(after(&[]), MINUTE);
        assert_eq!(after(&[Well, Well]), MINUTE);
        assert_eq!(after(&[Troubled]), MINUTE);
        assert_eq!(after(&[Troubled; 4]), MINUTE * 8);
        assert_eq!(after(&[Troubled; 40]), BACK_OFF_MAX);
        assert_eq!(after(&[Troubled, Troubled, Well, Troubled]), MINUTE);
        assert_eq!(after(&[Refused]), REFUSED_FIRST);
        assert_eq!(after(&[Refused; 2]), REFUSED_FIRST * 2);
        assert_eq!(after(&[Refused; 9]), REFUSED_MAX);
        assert_eq!(after(&[Troubled, Troubled, Refused]), REFUSED_FIRST);
    }

    #[test]
    fn the_login_delay_of_the_server_is_a_floor() {
        // C-066
        let mut history = History::default();
        history.note(Ended::Well, Some(300));
        for random in [0, 7, u16::MAX] {
            let pause = history.pause(MINUTE, random);
            assert!(pause >= Duration::from_mins(5) && pause <= Duration::from_secs(331), "{pause:?}");
        }
        assert_eq!(history.pause(Duration::from_mins(10), 0), Duration::from_mins(10));
    }
}
