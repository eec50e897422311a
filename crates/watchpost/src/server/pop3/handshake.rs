//! TLS on a connection: what the client begins with, the handshake, and what there is to tell of both.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio_rustls::server::TlsStream;
use watchpost_observatory::{Ending, EventKind, Foreign, TlsFailure, Untrusted, recognise_before_tls};
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::{Notice, opening};
use watchpost_store::{Directory, Store};

use super::Conversation;
use crate::server::recorder::Recorder;
use crate::server::tap::Tap;
use crate::server::tls;

/// The oldest version that is spoken here (S-009).
const TLS_1_2: u16 = 0x0303;

impl<S: Store, D: Directory> Conversation<'_, S, D> {
    /// The handshake, and what there is to tell of it.
    pub(super) async fn handshake<'t>(
        &mut self,
        config: Arc<rustls::ServerConfig>,
        tap: &'t mut Tap,
    ) -> Result<TlsStream<&'t mut Tap>, Ending> {
        let deadline = self.house.clock.now() + self.live.limits.handshake_time;
        let first = if self.report.is_witnessed() {
            let began = self.wait_for_first_octet(deadline, tap).await?;
            Some((tap.keep_hello(), began, self.house.clock.wall()))
        } else {
            None
        };
        let keys = self.recorder.as_deref().and_then(Recorder::keys);
        let outcome = match self.on_peer(deadline, tls::handshake(config, tap, keys)).await {
            Ok(Ok(established)) => Ok(established),
            Ok(Err(error)) => Err((Ending::HandshakeFailed, tls::failure(&error))),
            Err(ending) => Err((ending, TlsFailure::Timeout)),
        };
        let known = first.and_then(|(octets, began, at)| {
            let octets = octets.take();
            if !octets.is_empty() {
                self.first_octet.get_or_insert(began);
            }
            self.saw_first_octets(&octets, at)
        });
        match outcome {
            Ok((stream, facts)) => {
                self.report.saw(EventKind::Tls(Box::new(facts.clone())));
                self.tls = Some(facts);
                Ok(stream)
            }
            Err((ending, failure)) => {
                if !planted("server.failed-handshakes-are-not-told") {
                    self.report.saw(EventKind::TlsFailed(known.unwrap_or(failure)));
                }
                Err(ending)
            }
        }
    }

    /// When the client begins is worth knowing. One that goes away instead will fail its handshake.
    async fn wait_for_first_octet(&mut self, deadline: Instant, tap: &Tap) -> Result<Instant, Ending> {
        match self.on_peer(deadline, tap.inner().readable()).await {
            Ok(_) => Ok(self.house.clock.now()),
            Err(ending) => {
                self.report.saw(EventKind::TlsFailed(TlsFailure::Timeout));
                Err(ending)
            }
        }
    }

    /// Tells what the client began its handshake with: a ClientHello, or another protocol. If there will be no TLS, it
    /// may be known why.
    fn saw_first_octets(&mut self, octets: &[u8], at: SystemTime) -> Option<TlsFailure> {
        let watch = self.house.watch.as_ref();
        if let Some(hello) = watch.and_then(|watch| watch.hellos.read(octets)) {
            let is_old = hello.version < TLS_1_2;
            self.report.saw_at(EventKind::Hello(Box::new(hello)), at);
            return is_old.then_some(TlsFailure::Version);
        }
        let octets = opening(octets);
        if let Some(recorder) = &mut self.recorder {
            recorder.opened_with(&octets);
        }
        let language = recognise_before_tls(&octets).filter(|language| *language != Foreign::Tls)?;
        self.report.saw_at(EventKind::Foreign { language, octets: Untrusted::new(octets) }, at);
        Some(TlsFailure::NotTls)
    }

    /// After `+OK` to STLS only a TLS record may come; anything else closes without an alert (S-001).
    pub(super) async fn first_octet_is_a_handshake(&mut self, tap: &Tap) -> Result<(), Ending> {
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
}
