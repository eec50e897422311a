//! The driver of the POP3 session: carries octets, deadlines and questions between a client, the session, the
//! directory and the store. It knows no rule of the protocol.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use watchpost_observatory::{Ending, EventKind, SessionSummary, TlsFacts};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::{Action, Channel, ClearLogin, Notice, OUTPUT_OCTETS, Session, Stls};
use watchpost_proto::pop3::{ResponseCode, State};
use watchpost_proto::{MessageNumber, Outcome, Password, Progress};
use watchpost_store::{Directory, Maildrop, Message, ReadError, Store, UpdateError, UserName};

use crate::config::{Listener, ListenerProtocol};
use crate::house::{House, Live};
use crate::server::connection::{Connection, Stop};
use crate::server::recorder::Recorder;
use crate::server::report::Report;
use crate::server::tap::Tap;
use crate::server::tarpit::OnSocket;

mod handshake;
mod login;
mod pieces;

use login::Room;
use pieces::{finish, next_piece};

/// Octets read from a client at once.
const INPUT_OCTETS: usize = 2048;
/// Octets of a message that wait for its end where it is recorded: readers of captures take a terminating dot on its
/// own for a message.
const KEPT_BACK: usize = 16;
/// A buffer that a long reply made larger than this is not kept while the client thinks.
const KEPT_OCTETS: usize = 4096;

/// Holds one session, from the connection to its end, and reports it.
pub(super) async fn run<S: Store, D: Directory>(house: &Arc<House<S, D>>, connection: Connection, stream: TcpStream) {
    let live = house.live.load_full();
    let started = house.clock.now();
    let mut tap = Tap::new(stream);
    let mut conversation = Conversation::new(house, &live, connection);
    tap.record(conversation.recorder.as_deref().and_then(Recorder::wire));
    let ending = conversation.hold(&mut tap).await;
    let duration = house.clock.now().saturating_duration_since(started);
    conversation.wait_for_previous().await;
    let (octets_in, octets_out) = tap.octets();
    let Conversation { connection, mut session, report, mut recorder, tls, user, last_state, last_notice, .. } =
        conversation;
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
        duration,
        first_octet: conversation.first_octet.map(|first| first.saturating_duration_since(started)),
        ending,
        notice: last_notice,
    };
    report.end(&mut session, recorder.as_deref_mut(), summary);
    if let Some(recorder) = recorder {
        recorder.end();
    }
}

struct Conversation<'a, S: Store, D> {
    house: &'a Arc<House<S, D>>,
    live: &'a Live,
    connection: Connection,
    session: Session,
    report: Report<'a>,
    /// Boxed: most servers record nothing, and an idle session is small.
    recorder: Option<Box<Recorder>>,
    maildrop: Option<S::Maildrop>,
    output: Vec<u8>,
    tls: Option<TlsFacts>,
    user: Option<String>,
    messages: u32,
    first_octet: Option<Instant>,
    last_state: Option<State>,
    ending: Option<Ending>,
    last_notice: Option<Notice>,
    /// A refused password that may have been right once, until the reply has left.
    doubted: Option<(UserName, Password)>,
    /// Asks whether such passwords were.
    previous: JoinSet<Option<String>>,
}

/// Why a conversation stopped.
enum Next {
    /// STLS was answered.
    StartTls,
    /// It is over.
    End(Ending),
}

impl<'a, S: Store, D: Directory> Conversation<'a, S, D> {
    fn new(house: &'a Arc<House<S, D>>, live: &'a Live, connection: Connection) -> Self {
        let channel = channel(&connection.listener, connection.peer.ip(), live);
        let mut session = Session::new(live.limits.session(), channel, house.clock.now()).with_quirks(live.quirks);
        let mut report = Report::new(house, connection.id);
        let recorder = house.captures.as_ref().filter(|_| report.is_witnessed()).map(|captures| {
            let ends = (connection.peer, connection.local);
            Box::new(Recorder::new(captures, connection.id, ends, connection.accepted))
        });
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
            recorder,
            maildrop: None,
            output: Vec::new(),
            tls: None,
            user: None,
            messages: 0,
            first_octet: None,
            last_state: None,
            ending: None,
            last_notice: None,
            doubted: None,
            previous: JoinSet::new(),
        }
    }

    async fn hold(&mut self, tap: &mut Tap) -> Ending {
        if self.connection.listener.protocol == ListenerProtocol::Pop3 {
            self.session.greeting().write(&mut self.output);
            match self.converse(tap).await {
                Next::StartTls => {}
                Next::End(ending) => {
                    self.report.send(&mut self.session);
                    return finish(tap, ending).await;
                }
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
            Next::End(ending) => {
                self.report.send(&mut self.session);
                finish(&mut stream, ending).await
            }
        }
    }

    async fn converse<T: OnSocket>(&mut self, stream: &mut T) -> Next {
        match self.talk(stream).await {
            Ok(next) => next,
            Err(ending) => Next::End(ending),
        }
    }

    /// Reads or writes, never both: a client that pipelines without reading blocks itself alone.
    async fn talk<T: OnSocket>(&mut self, stream: &mut T) -> Result<Next, Ending> {
        loop {
            while let Some(action) = self.session.poll(&mut self.output) {
                self.last_state = self.session.state().or(self.last_state);
                self.report.hear(&mut self.session, self.recorder.as_deref_mut());
                match action {
                    Action::Flush => self.write(stream).await?,
                    Action::Login(credentials) => {
                        let asked = self.house.clock.now();
                        let result = self.login(&credentials).await;
                        // A password is wiped before anything waits.
                        drop(credentials);
                        let failed =
                            result.as_ref().is_err_and(|refusal| refusal.row().code == Some(ResponseCode::Auth));
                        let room = if failed { self.make_wait(asked, stream.socket()).await? } else { Room::Enough };
                        self.session.login_result(result, &mut self.output);
                        if room == Room::Full {
                            self.write(stream).await?;
                            return Ok(Next::End(Ending::Limit));
                        }
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
            self.report.hear(&mut self.session, self.recorder.as_deref_mut());
            self.write(stream).await?;
            if self.output.capacity() > KEPT_OCTETS {
                self.output = Vec::new();
            }
            self.ask_for_previous();
            self.hear_of_previous();
            self.read(stream).await?;
        }
    }

    async fn read<T: AsyncRead + Unpin>(&mut self, stream: &mut T) -> Result<(), Ending> {
        let mut input = [0; INPUT_OCTETS];
        let deadline = self.session.deadline();
        let due = self.report.before_waiting(&mut self.session).filter(|due| *due < deadline);
        let mut read = self.on_peer(due.unwrap_or(deadline), stream.read(&mut input)).await;
        if due.is_some() && matches!(read, Err(Ending::Timeout)) {
            self.report.send(&mut self.session);
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
        if let Some(recorder) = &mut self.recorder {
            recorder.replied(&self.output);
            recorder.output_left();
        }
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

    async fn send_message<T: AsyncWrite + Unpin>(&mut self, index: usize, stream: &mut T) -> Result<(), Ending> {
        self.part_reply(stream).await?;
        let maildrop = self.maildrop.as_ref().expect("messages are read after login");
        match maildrop.read(index).await {
            Ok(Message { sizes, arrived, body }) => match self.session.message_opened(sizes, &mut self.output) {
                Progress::More => {
                    self.part_reply(stream).await?;
                    self.send_body(body, arrived, stream).await
                }
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

    /// Where octets are kept, `+OK` before a message stands alone: readers of captures know the message only then.
    async fn part_reply<T: AsyncWrite + Unpin>(&mut self, stream: &mut T) -> Result<(), Ending> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        recorder.replied(&self.output);
        if recorder.cuts_wire() && !self.output.is_empty() { self.write(stream).await } else { Ok(()) }
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
                self.report.sends(&mut self.session, arrived, chunk);
            }
            if count == 0 || self.session.message_chunk(chunk, &mut self.output) == Progress::Enough {
                break;
            }
            body.consume(count);
            if self.output.len() >= OUTPUT_OCTETS {
                let kept = if self.recorder.is_some() { KEPT_BACK } else { 0 };
                let tail = self.output.split_off(self.output.len() - kept);
                self.report.send(&mut self.session);
                self.write(stream).await?;
                self.output.extend_from_slice(&tail);
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
