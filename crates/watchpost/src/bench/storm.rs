//! Good logins beside many that guess passwords: what the good ones notice of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use watchpost_proto::Password;

use crate::bench::accounts::Account;
use crate::bench::course::Course;
use crate::bench::fault::Fault;
use crate::bench::logins::{Schedule, when_due};
use crate::bench::visit::Waiting;

/// How long an attacker whose connection failed waits for the next one.
const PAUSE: Duration = Duration::from_millis(50);

/// Who guesses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attack {
    /// Connections that guess at the same time.
    pub(super) connections: u32,
    /// Passwords tried on each connection.
    pub(super) tries: u32,
}

/// Good logins on schedule, with an attack beside them if there is one. Returns how many good ones were due.
pub(super) async fn phase(course: &Arc<Course>, schedule: Schedule, attack: Option<Attack>) -> u64 {
    let mut attackers = JoinSet::new();
    if let Some(attack) = attack {
        for number in 0..attack.connections {
            attackers.spawn(guess(Arc::clone(course), number, attack.tries));
        }
    }
    // Dropping the attackers ends them.
    when_due(course, schedule).await
}

/// Guesses for ever: half of all attackers at accounts that exist, those of the good logins.
async fn guess(course: Arc<Course>, number: u32, tries: u32) {
    for round in 0_u64.. {
        let place = usize::try_from(number).unwrap_or_default();
        let name =
            if number.is_multiple_of(2) { course.accounts.at(place).name.clone() } else { format!("nobody-{number}") };
        if attempt(&course, &name, round, tries).await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn attempt(course: &Course, name: &str, round: u64, tries: u32) -> Result<(), Fault> {
    let mut waiting = Waiting::begin(&course.connector).await?;
    for number in 0..tries {
        let password = Password::new(format!("not the password {round} {number}"));
        match waiting.try_wrong(&Account { name: name.to_owned(), password }).await {
            Ok(()) => course.tally.refusal(),
            Err(fault) => {
                if matches!(fault, Fault::WrongPassword) {
                    course.tally.fault(&fault);
                }
                return Err(fault);
            }
        }
    }
    Ok(())
}
