//! The driver of the POP3 session: carries octets, deadlines and questions between a client, the session, the
//! directory and the store. It knows no rule of the protocol.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use watchpost_observatory::{
    Ending, EventKind, Foreign, LoginOutcome, SessionSummary, TlsFacts, TlsFailure, Untrusted, read_hello,
    recognise_before_tls,
};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::State;
use watchpost_proto::pop3::server::{Action, Channel, ClearLogin, Notice, OUTPUT_OCTETS, Session, Stls, opening};
use watchpost_proto::{Credentials, Listing, MessageNumber, Outcome, Progress};
use watchpost_store::{AuthError, Directory, Maildrop, Message, OpenError, ReadError, Store, UpdateError};

use crate::config::{Listener, ListenerProtocol};
use crate::house::{House, Live};
use crate::server::attempt::Attempt;
use crate::server::connection::{Connection, Stop};
use crate::server::report::Report;
use crate::server::tap::Tap;
use crate::server::tls;

/// Octets read from a client at once.
const INPUT_OCTETS: usize = 2048;
/// A buffer that a long reply made larger than this is not kept while the client thinks.
const KEPT_OCTETS: usize = 4096;
/// Octets of one TLS record at the most (RFC 8446 §5.1).
const RECORD_OCTETS: usize = 16 * 1024;
/// The oldest version that is spoken here (S-009).
const TLS_1_2: u16 = 0x0303;
/// How long a client may take to close after us, so that our last reply is not lost to a reset (P-016).
const LINGER: Duration = Duration::from_secs(2);
/// What it may still send meanwhile.
const LINGER_OCTETS: usize = 64 * 1024;

/// Holds one session, from the connection to its end, and reports it.
pub(super) async fn run<S: Store, D: Directory>(house: &House<S, D>, connection: Connection, stream: TcpStream) {
    let live = house.live.load_full();
    let started = house.clock.now();
    let mut tap = Tap::new(stream);
    let mut conversation = Conversation::new(house, &live, connection);
    let ending = conversation.hold(&mut tap).await;
    let (octets_in, octets_out) = tap.octets();
    let Conversation { connection, mut session, report, tls, user, last_state, last_notice, .. } = conversation;
    let tally = *session.tally();
    let summary = SessionSummary {
        peer: connection.peer,
        local: connection.local,
        tls,
        user,
        state: last_state,
        tally,
        messages: conversation.messages,
        removed_unread: if tally.removed > 0 { session.removed_unread() } else { 0 },
        commands_dropped: 0,
        octets_in,
        octets_out,
        duration: house.clock.now().saturating_duration_since(started),
        first_octet: conversation.first_octet.map(|first| first.saturating_duration_since(started)),
        ending,
        notice: last_notice,
    };
    report.end(&mut session, summary);
}

struct Conversation<'a, S: Store, D> {
    house: &'a House<S, D>,
    live: &'a Live,
    connection: Connection,
    session: Session,
    report: Report<'a>,
    maildrop: Option<S::Maildrop>,
    output: Vec<u8>,
    tls: Option<TlsFacts>,
    user: Option<String>,
    messages: u32,
    first_octet: Option<Instant>,
    last_state: Option<State>,
    ending: Option<Ending>,
    last_notice: Option<Notice>,
}

/// Why a conversation stopped.
enum Next {
    /// STLS was answered.
    StartTls,
    /// It is over.
    End(Ending),
}

impl<'a, S: Store, D: Directory> Conversation<'a, S, D> {
    fn new(house: &'a House<S, D>, live: &'a Live, connection: Connection) -> Self {
        let channel = channel(&connection.listener, connection.peer.ip(), live);
        let mut session = Session::new(live.limits.session(), channel, house.clock.now()).with_quirks(live.quirks);
        let mut report = Report::new(house, connection.id);
        if report.is_witnessed() {
            session = session.with_witness();
            let Connection { peer, local, accepted, .. } = connection;
            let port = connection.listener.protocol.port();
            report.saw_at(EventKind::Opened { peer, local, port }, accepted);
        }
        Self {
            house,
            live,
            connection,
            session,
            report,
            maildrop: None,
            output: Vec::new(),
            tls: None,
            user: None,
            messages: 0,
            first_octet: None,
            last_state: None,
            ending: None,
            last_notice: None,
        }
    }

    async fn hold(&mut self, tap: &mut Tap) -> Ending {
        if self.connection.listener.protocol == ListenerProtocol::Pop3 {
            self.session.greeting().write(&mut self.output);
            match self.converse(tap).await {
                Next::StartTls => {}
                Next::End(ending) => return finish(tap, ending).await,
            }
            if let Err(ending) = self.first_octet_is_a_handshake(tap).await {
                return ending;
            }
        }
        let Some(config) = self.live.tls.clone() else { return Ending::HandshakeFailed };
        let mut stream = match self.handshake(config, tap).await {
            Ok(stream) => stream,
            Err(ending) => return ending,
        };
        if self.connection.listener.protocol == ListenerProtocol::Pop3 {
            self.session.tls_established(self.house.clock.now());
        } else {
            self.session.greeting().write(&mut self.output);
        }
        match self.converse(&mut stream).await {
            Next::StartTls => unreachable!("STLS is refused inside TLS"),
            Next::End(ending) => finish(&mut stream, ending).await,
        }
    }

    /// The handshake, and what there is to tell of it.
    async fn handshake<'t>(
        &mut self,
        config: Arc<rustls::ServerConfig>,
        tap: &'t mut Tap,
    ) -> Result<TlsStream<&'t mut Tap>, Ending> {
        let deadline = self.house.clock.now() + self.live.limits.handshake_time;
        let first = if self.report.is_witnessed() {
            self.wait_for_first_octet(deadline, tap).await?;
            Some((tap.keep_hello(), self.house.clock.wall()))
        } else {
            None
        };
        let outcome = match self.on_peer(deadline, tls::handshake(config, tap)).await {
            Ok(Ok(established)) => Ok(established),
            Ok(Err(error)) => Err((Ending::HandshakeFailed, tls::failure(&error))),
            Err(ending) => Err((ending, TlsFailure::Timeout)),
        };
        let octets = first.map(|(octets, at)| (octets.take(), at));
        let known = octets.as_ref().and_then(|(octets, at)| self.saw_first_octets(octets, *at));
        match outcome {
            Ok((stream, facts)) => {
                self.report.saw(EventKind::Tls(facts.clone()));
                self.tls = Some(facts);
                Ok(stream)
            }
            Err((ending, failure)) => {
                self.report.saw(EventKind::TlsFailed(known.unwrap_or(failure)));
                Err(ending)
            }
        }
    }

    /// When the client begins is worth knowing. One that goes away instead has failed its handshake.
    async fn wait_for_first_octet(&mut self, deadline: Instant, tap: &Tap) -> Result<(), Ending> {
        let failure = match self.on_peer(deadline, tap.peek_octet()).await {
            Ok(Ok(Some(_))) => {
                self.first_octet.get_or_insert(self.house.clock.now());
                return Ok(());
            }
            Ok(_) => (Ending::HandshakeFailed, TlsFailure::Closed),
            Err(ending) => (ending, TlsFailure::Timeout),
        };
        self.report.saw(EventKind::TlsFailed(failure.1));
        Err(failure.0)
    }

    /// Tells what the client began its handshake with: a ClientHello, or another protocol. If there will be no TLS, it
    /// may be known why.
    fn saw_first_octets(&mut self, octets: &[u8], at: SystemTime) -> Option<TlsFailure> {
        if let Some(hello) = read_hello(octets) {
            let is_old = hello.version < TLS_1_2;
            self.report.saw_at(EventKind::Hello(hello), at);
            return is_old.then_some(TlsFailure::Version);
        }
        let octets = opening(octets);
        let language = recognise_before_tls(&octets).filter(|language| *language != Foreign::Tls)?;
        self.report.saw_at(EventKind::Foreign { language, octets: Untrusted::new(octets) }, at);
        Some(TlsFailure::NotTls)
    }

    /// After `+OK` to STLS only a TLS record may come; anything else closes without an alert (S-001).
    async fn first_octet_is_a_handshake(&mut self, tap: &Tap) -> Result<(), Ending> {
        let deadline = self.house.clock.now() + self.live.limits.handshake_time;
        match self.on_peer(deadline, tap.peek_octet()).await? {
            Ok(Some(0x16)) => Ok(()),
            Ok(Some(_)) if planted("server.reads-on-in-clear-after-stls") => Ok(()),
            Ok(Some(_)) => {
                let notice = Notice::ClearTextBehindStls { octets: 1 };
                self.report.saw(EventKind::Notice(notice));
                self.notice(notice);
                Err(Ending::Dropped)
            }
            Ok(None) => Err(Ending::PeerClosed),
            Err(_) => Err(Ending::Broken),
        }
    }

    async fn converse<T: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut T) -> Next {
        match self.talk(stream).await {
            Ok(next) => next,
            Err(ending) => Next::End(ending),
        }
    }

    /// Reads or writes, never both: a client that pipelines without reading blocks itself alone.
    async fn talk<T: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut T) -> Result<Next, Ending> {
        loop {
            while let Some(action) = self.session.poll(&mut self.output) {
                self.last_state = self.session.state().or(self.last_state);
                self.report.hear(&mut self.session);
                match action {
                    Action::Flush => self.write(stream).await?,
                    Action::Login(credentials) => {
                        let result = self.login(&credentials).await;
                        self.session.login_result(result, &mut self.output);
                    }
                    Action::ReadMessage { index } => self.send_message(index, stream).await?,
                    Action::Update(outcome) => self.update(outcome).await,
                    Action::Notice(notice) => self.notice(notice),
                    Action::StartTls => {
                        self.write(stream).await?;
                        return Ok(Next::StartTls);
                    }
                    Action::Close => {
                        self.write(stream).await?;
                        return Ok(Next::End(self.ending.unwrap_or(Ending::Quit)));
                    }
                }
            }
            self.last_state = self.session.state().or(self.last_state);
            self.report.hear(&mut self.session);
            self.write(stream).await?;
            if self.output.capacity() > KEPT_OCTETS {
                self.output = Vec::new();
            }
            self.read(stream).await?;
        }
    }

    async fn read<T: AsyncRead + Unpin>(&mut self, stream: &mut T) -> Result<(), Ending> {
        let mut input = [0; INPUT_OCTETS];
        let deadline = self.session.deadline();
        let due = self.report.before_waiting().filter(|due| *due < deadline);
        let mut read = self.on_peer(due.unwrap_or(deadline), stream.read(&mut input)).await;
        if due.is_some() && matches!(read, Err(Ending::Timeout)) {
            self.report.send();
            read = self.on_peer(deadline, stream.read(&mut input)).await;
        }
        match read {
            Ok(Ok(0)) => Err(Ending::PeerClosed),
            Ok(Ok(count)) => {
                let now = self.house.clock.now();
                self.first_octet.get_or_insert(now);
                self.session.receive(&input[..count], now);
                zeroize::Zeroize::zeroize(&mut input[..count]);
                Ok(())
            }
            // A client that leaves without close_notify left all the same.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Ending::PeerClosed),
            Ok(Err(_)) => Err(Ending::Broken),
            Err(Ending::Timeout) => {
                self.session.handle_timeout(self.house.clock.now());
                Ok(())
            }
            Err(ending) => Err(ending),
        }
    }

    async fn write<T: AsyncWrite + Unpin>(&mut self, stream: &mut T) -> Result<(), Ending> {
        let output = std::mem::take(&mut self.output);
        let mut rest = output.as_slice();
        while !rest.is_empty() {
            let piece = next_piece(rest);
            let mut written = 0;
            while written < piece.len() {
                written += self.progress(stream.write(&piece[written..])).await?;
            }
            self.progress(async { stream.flush().await.map(|()| 1) }).await?;
            rest = &rest[piece.len()..];
        }
        self.output = output;
        self.output.clear();
        Ok(())
    }

    /// A step of output. The deadline is one of progress: a slow client that goes on reading is served (P-011).
    async fn progress(&mut self, step: impl Future<Output = io::Result<usize>>) -> Result<usize, Ending> {
        let now = self.house.clock.now();
        let idle = now + self.live.limits.idle_time;
        let deadline = match self.session.state() {
            Some(State::Authorization) => self.session.deadline().min(idle),
            _ => idle,
        };
        match self.on_peer(deadline, step).await? {
            Ok(0) | Err(_) => Err(Ending::Broken),
            Ok(count) => {
                self.session.output_progressed(self.house.clock.now());
                Ok(count)
            }
        }
    }

    /// Every await on a peer comes through here: it has a deadline, and ends when the server must.
    async fn on_peer<F: Future>(&mut self, deadline: Instant, future: F) -> Result<F::Output, Ending> {
        tokio::select! {
            biased;
            done = future => Ok(done),
            () = tokio::time::sleep_until(deadline.into()) => Err(Ending::Timeout),
            () = Stop::reached(&mut self.connection.stop, Stop::Now) => Err(Ending::Shutdown),
        }
    }

    /// Verifies, then locks and lists, and only then says so (RFC 1939 §4; P-061, P-063).
    async fn login(&mut self, credentials: &Credentials) -> Result<Arc<Listing>, Refusal> {
        let user = match self.house.directory.authenticate(credentials).await {
            Ok(user) => user,
            Err(error) => {
                if planted("server.password-in-the-log")
                    && let Credentials::Password { password, .. } = credentials
                {
                    tracing::info!("{}", String::from_utf8_lossy(password.expose()));
                }
                self.saw_login(credentials, None, outcome_of_auth(&error));
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

    fn saw_login(&mut self, credentials: &Credentials, account: Option<String>, outcome: LoginOutcome) {
        let Some(watch) = &self.house.watch else { return };
        let at = self.house.clock.wall();
        let attempt = Attempt { credentials, account, outcome };
        let facts = attempt.facts(&watch.passwords, self.connection.peer.ip(), at);
        let attempt = attempt.told(&self.session, facts);
        self.report.saw_at(EventKind::Login(Box::new(attempt)), at);
        if outcome != LoginOutcome::Accepted {
            // Whoever decides about this source must not learn of it only when the session goes on.
            self.report.send();
        }
    }

    async fn send_message<T: AsyncWrite + Unpin>(&mut self, index: usize, stream: &mut T) -> Result<(), Ending> {
        let maildrop = self.maildrop.as_ref().expect("messages are read after login");
        match maildrop.read(index).await {
            Ok(Message { sizes, arrived, body }) => match self.session.message_opened(sizes, &mut self.output) {
                Progress::More => self.send_body(body, arrived, stream).await,
                Progress::Enough => Ok(()),
            },
            Err(error) => {
                let connection = self.connection.id;
                let message = index + 1;
                self.session.message_refused(|number| refused_message(number, &error), &mut self.output);
                tracing::warn!(%connection, user = self.user, message, %error, "a message cannot be sent");
                Ok(())
            }
        }
    }

    async fn send_body<B, T>(&mut self, mut body: B, arrived: SystemTime, stream: &mut T) -> Result<(), Ending>
    where
        B: AsyncBufRead + Unpin,
        T: AsyncWrite + Unpin,
    {
        let mut first = true;
        loop {
            let chunk = match body.fill_buf().await {
                Ok(chunk) => chunk,
                Err(error) => {
                    let connection = self.connection.id;
                    tracing::error!(%connection, user = self.user, %error, "a message cannot be read to its end");
                    self.ending = Some(Ending::ReadFailed);
                    self.session.message_failed();
                    return Ok(());
                }
            };
            let count = chunk.len();
            if std::mem::take(&mut first) {
                self.report.sends(arrived, chunk);
            }
            if count == 0 || self.session.message_chunk(chunk, &mut self.output) == Progress::Enough {
                break;
            }
            body.consume(count);
            if self.output.len() >= OUTPUT_OCTETS {
                self.report.send();
                self.write(stream).await?;
            }
        }
        self.session.message_end(&mut self.output);
        Ok(())
    }

    async fn update(&mut self, outcome: Outcome) {
        let maildrop = self.maildrop.take().expect("UPDATE follows TRANSACTION");
        let removed = outcome.removed.len();
        if planted("server.quit-answered-before-its-deed") {
            self.session.update_result(Ok(removed), &mut self.output);
            return;
        }
        let result = maildrop.update(outcome).await.map(|()| removed).map_err(|error| {
            let connection = self.connection.id;
            tracing::error!(%connection, user = self.user, %error, "marked messages were not all removed");
            match error {
                UpdateError::Incomplete(_) => Refusal::SomeNotRemoved,
                UpdateError::Impossible(_) => Refusal::NoneRemoved,
            }
        });
        self.session.update_result(result, &mut self.output);
    }

    fn notice(&mut self, notice: Notice) {
        self.last_notice = Some(notice);
        self.ending = match notice {
            Notice::TooManyBadCommands | Notice::TooManyFailedLogins => Some(Ending::Limit),
            Notice::IdleTimeout | Notice::LoginTimeout => Some(Ending::Timeout),
            Notice::ClearTextBehindStls { .. } | Notice::HelloBehindStls | Notice::ForeignProtocol(_) => {
                Some(Ending::Dropped)
            }
            Notice::LineTooLong => self.ending,
        };
    }

    fn refused_login(&self, error: AuthError) -> Refusal {
        match error {
            AuthError::Refused => Refusal::AuthenticationFailed,
            AuthError::Disabled => Refusal::AccountDisabled,
            AuthError::NotAuthorizedAs => Refusal::NotAuthorizedAs,
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

const fn outcome_of_auth(error: &AuthError) -> LoginOutcome {
    match error {
        AuthError::Refused => LoginOutcome::Refused,
        AuthError::Disabled => LoginOutcome::Disabled,
        AuthError::NotAuthorizedAs => LoginOutcome::NotAuthorizedAs,
        AuthError::Unavailable(_) => LoginOutcome::Unavailable,
    }
}

fn refused_message(number: MessageNumber, error: &ReadError) -> Refusal {
    match error {
        ReadError::Gone => Refusal::MessageGone(number),
        ReadError::Unavailable(_) => Refusal::MessageUnreadable(number),
        ReadError::Damaged(_) => Refusal::MessageDamaged(number),
    }
}

fn channel(listener: &Listener, peer: IpAddr, live: &Live) -> Channel {
    match listener.protocol {
        ListenerProtocol::Pop3s => Channel::Tls,
        ListenerProtocol::Pop3 => Channel::Clear {
            stls: if live.tls.is_some() { Stls::Available } else { Stls::Unavailable },
            login: if listener.plaintext_login.allows(peer) { ClearLogin::Allowed } else { ClearLogin::Refused },
        },
    }
}

/// What to hand to the stream at once: whole TLS records, and never a cut through the terminating dot, which some
/// clients only recognise in one piece (P-048).
fn next_piece(rest: &[u8]) -> &[u8] {
    let piece = &rest[..rest.len().min(OUTPUT_OCTETS)];
    let behind = rest.len() - piece.len();
    let in_last_record = piece.len() % RECORD_OCTETS;
    if (1..3).contains(&behind) || (behind == 0 && piece.len() > RECORD_OCTETS && (1..3).contains(&in_last_record)) {
        return &piece[..piece.len() - 3];
    }
    piece
}

/// The end of a connection: close_notify, then FIN, then whatever the client still sends is read and forgotten, so
/// that our last reply is not lost to a reset (RFC 8314 §3.4; P-016). An intruder gets no such courtesy.
async fn finish<T: AsyncRead + AsyncWrite + Unpin>(stream: &mut T, ending: Ending) -> Ending {
    if matches!(ending, Ending::Dropped | Ending::Broken) {
        return ending;
    }
    let farewell = async {
        stream.shutdown().await?;
        let mut octets = [0; 1024];
        let mut drained = 0;
        while drained < LINGER_OCTETS {
            match stream.read(&mut octets).await? {
                0 => break,
                count => drained += count,
            }
        }
        io::Result::Ok(())
    };
    // Nothing is left to say to a client that does not close.
    let _ = tokio::time::timeout(LINGER, farewell).await;
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminating_dot_is_never_cut() {
        // P-048
        for length in (1..5).chain(16_370..16_400).chain(65_500..65_600).chain(131_000..131_100) {
            let mut output = vec![b'x'; length];
            output.extend_from_slice(b".\r\n");
            let mut rest = output.as_slice();
            let mut last_record = 0;
            while !rest.is_empty() {
                let piece = next_piece(rest);
                last_record = match piece.len() % RECORD_OCTETS {
                    0 => RECORD_OCTETS,
                    odd => odd,
                };
                rest = &rest[piece.len()..];
            }
            assert!(last_record >= 3, "{length}");
        }
    }
}
