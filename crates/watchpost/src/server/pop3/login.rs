//! A login: verified, told, and made to wait when it failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use watchpost_observatory::{Ending, EventKind, LoginOutcome};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::planted::planted;
use watchpost_proto::{Credentials, Listing};
use watchpost_store::{AuthError, Directory, Login, Maildrop, OpenError, Store};

use super::Conversation;
use crate::server::attempt::Attempt;
use crate::server::connection::Stop;
use crate::server::recorder::Keeps;
use crate::server::tarpit;

/// How long a connection that is over waits for what is still to be found out of its refused passwords.
const PREVIOUS_TIME: Duration = Duration::from_secs(10);

/// Whether there was room for a failed login to wait in.
#[derive(PartialEq, Eq)]
pub(super) enum Room {
    /// It has waited.
    Enough,
    /// Too many wait: it is answered, and its connection closed.
    Full,
}

impl<S: Store, D: Directory> Conversation<'_, S, D> {
    /// Verifies, then locks and lists, and only then says so (RFC 1939 §4; P-061, P-063).
    pub(super) async fn login(&mut self, credentials: &Credentials) -> Result<Arc<Listing>, Refusal> {
        let failures = self.session.tally().failed_logins;
        let login = Login { credentials, from: self.connection.peer.ip(), failures };
        let verified = self.house.directory.authenticate(login).await;
        if let Some(recorder) = &mut self.recorder
            && !matches!(verified, Err(AuthError::Refused { .. }))
            // Right, or not known to be wrong.
            && recorder.authenticated() == Keeps::Nothing
        {
            self.recorder = None;
        }
        let user = match verified {
            Ok(user) => user,
            Err(error) => {
                if planted("server.password-in-the-log")
                    && let Credentials::Password { password, .. } = credentials
                {
                    tracing::info!("{}", String::from_utf8_lossy(password.expose()));
                }
                self.saw_refusal(credentials, &error);
                return Err(self.refused_login(error));
            }
        };
        let account = Some(user.name.to_string());
        let maildrop = match self.house.store.open(&user).await {
            Ok(maildrop) => maildrop,
            Err(error) => {
                let in_use = matches!(error, OpenError::InUse);
                let outcome = if in_use { LoginOutcome::InUse } else { LoginOutcome::Unavailable };
                self.saw_login(credentials, account, outcome);
                return Err(self.refused_maildrop(user.name.as_str(), &error));
            }
        };
        self.saw_login(credentials, account.clone(), LoginOutcome::Accepted);
        let listing = Arc::clone(maildrop.listing());
        self.messages = u32::try_from(listing.len()).unwrap_or(u32::MAX);
        self.maildrop = Some(maildrop);
        self.user = account;
        Ok(listing)
    }

    /// Tells of a login that was refused. Whoever decides about this source must not learn of it only when the session
    /// goes on.
    fn saw_refusal(&mut self, credentials: &Credentials, error: &AuthError) {
        let account = error.account().map(ToString::to_string);
        self.saw_login(credentials, account, outcome(error));
        self.report.send(&mut self.session);
        if let (AuthError::Refused { account: Some(account) }, Credentials::Password { password, .. }) =
            (error, credentials)
            && self.report.is_witnessed()
        {
            self.doubted = Some((account.clone(), password.clone()));
        }
    }

    fn saw_login(&mut self, credentials: &Credentials, account: Option<String>, outcome: LoginOutcome) {
        let Some(watch) = &self.house.watch else { return };
        let at = self.house.clock.wall();
        let attempt = Attempt { credentials, account, outcome };
        let facts = attempt.facts(&watch.passwords, self.connection.peer.ip(), at);
        let attempt = attempt.told(&self.session, facts);
        self.report.saw_at(EventKind::Login(Box::new(attempt)), at);
    }

    /// The reply has left: now it may be asked whether the refused password was the one before the last change. The
    /// session does not wait for the answer, or its time would tell (rule O1).
    pub(super) fn ask_for_previous(&mut self) {
        let Some((account, password)) = self.doubted.take() else { return };
        let house = Arc::clone(self.house);
        self.previous.spawn(async move {
            let was_right = house.directory.was_previous(&account, &password).await;
            was_right.then(|| account.to_string())
        });
    }

    /// Tells what has been found out of refused passwords.
    pub(super) fn hear_of_previous(&mut self) {
        while let Some(found) = self.previous.try_join_next() {
            if let Ok(Some(account)) = found {
                self.report.saw(EventKind::PreviousPassword { account });
            }
        }
    }

    /// The connection is over: waits a while for what has not been found out.
    pub(super) async fn wait_for_previous(&mut self) {
        self.ask_for_previous();
        let all = async {
            while let Some(found) = self.previous.join_next().await {
                if let Ok(Some(account)) = found {
                    self.report.saw(EventKind::PreviousPassword { account });
                }
            }
        };
        // What is not known by then is not worth keeping a session for.
        let _ = tokio::time::timeout(PREVIOUS_TIME, all).await;
    }

    /// A failed login waits for its answer, longer each time, and holds nothing meanwhile but its connection (S-024,
    /// S-025). Counted from when the password came, which hides how long it took to verify (S-021).
    pub(super) async fn make_wait(&mut self, asked: Instant, socket: &TcpStream) -> Result<Room, Ending> {
        let first = self.live.limits.failed_login_delay;
        let crowd = self.house.directory.failed_from(self.connection.peer.ip());
        let failed = self.session.tally().failed_logins + crowd;
        let wait = tarpit::delay(first, failed, tarpit::chance());
        if wait.is_zero() {
            return Ok(Room::Enough);
        }
        let Some(_place) = self.house.gate.tarpit().enter() else { return Ok(Room::Full) };
        let until = (asked + wait).min(self.session.deadline());
        let mut stop = self.connection.stop.clone();
        let over = async {
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                () = tarpit::left(socket) => {}
                () = Stop::reached(&mut stop, Stop::Draining) => {}
            }
        };
        self.on_peer(until, over).await.or_else(|ending| match ending {
            Ending::Timeout => Ok(()),
            ending => Err(ending),
        })?;
        Ok(Room::Enough)
    }

    fn refused_login(&self, error: AuthError) -> Refusal {
        match error {
            AuthError::Refused { .. } => Refusal::AuthenticationFailed,
            AuthError::Disabled { .. } => Refusal::AccountDisabled,
            AuthError::NotAuthorizedAs { .. } => Refusal::NotAuthorizedAs,
            AuthError::Crowded => {
                tracing::warn!(connection = %self.connection.id, "too many passwords wait to be verified");
                Refusal::AuthenticationUnavailable
            }
            AuthError::Unavailable(cause) => {
                tracing::error!(connection = %self.connection.id, error = cause, "cannot ask the directory");
                Refusal::AuthenticationUnavailable
            }
        }
    }

    fn refused_maildrop(&self, user: &str, error: &OpenError) -> Refusal {
        let refusal = match error {
            OpenError::InUse => return Refusal::MaildropInUse,
            OpenError::Unavailable(_) => Refusal::MaildropUnavailable,
            OpenError::Damaged(_) => Refusal::MaildropDamaged,
        };
        tracing::error!(connection = %self.connection.id, user, %error, "cannot open a maildrop");
        refusal
    }
}

/// What came of a login, as the observatory calls it.
const fn outcome(error: &AuthError) -> LoginOutcome {
    match error {
        AuthError::Refused { .. } => LoginOutcome::Refused,
        AuthError::Disabled { .. } => LoginOutcome::Disabled,
        AuthError::NotAuthorizedAs { .. } => LoginOutcome::NotAuthorizedAs,
        AuthError::Crowded | AuthError::Unavailable(_) => LoginOutcome::Unavailable,
    }
}
