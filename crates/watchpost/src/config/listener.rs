//! Where to listen, and what is spoken there.

use std::net::{Ipv6Addr, SocketAddr};

use watchpost_observatory::Port;

use super::check::Check;
use super::error::quoted;
use super::network::{Network, NotANetwork, PlaintextLogin};
use super::raw::{RawListener, RawPlaintextLogin};
use super::words::unknown_word;

/// What is spoken at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListenerProtocol {
    /// In the clear until STLS (RFC 2595 §4).
    Pop3,
    /// TLS from the first octet (RFC 8314 §3.1).
    Pop3s,
}

impl ListenerProtocol {
    const WORDS: [(&'static str, Self); 2] = [("pop3", Self::Pop3), ("pop3s", Self::Pop3s)];

    /// As the file names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pop3 => "pop3",
            Self::Pop3s => "pop3s",
        }
    }

    /// As events name it.
    pub const fn port(self) -> Port {
        match self {
            Self::Pop3 => Port::Pop3,
            Self::Pop3s => Port::Pop3s,
        }
    }
}

/// One port to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// What is spoken there.
    pub protocol: ListenerProtocol,
    /// Where it is.
    pub address: SocketAddr,
    /// From where a client may log in without TLS. For `pop3s` it is always `Never`, and means nothing.
    pub plaintext_login: PlaintextLogin,
}

impl Listener {
    /// The usual two: every address, the ports that IANA gave, no login without TLS.
    pub fn usual() -> [Self; 2] {
        [(ListenerProtocol::Pop3s, 995), (ListenerProtocol::Pop3, 110)].map(|(protocol, port)| Self {
            protocol,
            address: SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
            plaintext_login: PlaintextLogin::Never,
        })
    }

    /// Checks all listeners that were written, together with whether there is a `[tls]` table.
    pub(super) fn all(check: &mut Check<'_>, raw: Option<&Vec<RawListener>>, tls: TlsTable) -> Vec<Self> {
        let raw = raw.map(Vec::as_slice).unwrap_or_default();
        if raw.is_empty() {
            let help = "add a table [[listener]] with protocol = \"pop3s\" and address = \"[::]:995\"";
            check.missing("listener", "there is no listener: nobody could connect", help);
        }
        let mut listeners: Vec<Self> = Vec::new();
        for (index, raw) in raw.iter().enumerate() {
            let table = format!("listener[{index}]");
            let Some(listener) = Self::new(check, &table, raw, tls) else { continue };
            if listener.address.port() != 0 && listeners.iter().any(|other| other.address == listener.address) {
                let message = format!("another listener has the address {} already", listener.address);
                check.refuse(&format!("{table}.address"), &message, "give each listener a port of its own");
            }
            listeners.push(listener);
        }
        listeners
    }

    fn new(check: &mut Check<'_>, table: &str, raw: &RawListener, tls: TlsTable) -> Option<Self> {
        let protocol = protocol(check, &format!("{table}.protocol"), raw.protocol.as_ref());
        let address = address(check, &format!("{table}.address"), raw.address.as_ref());
        let key = format!("{table}.plaintext_login");
        let plaintext_login = plaintext_login(check, &key, raw.plaintext_login.as_ref());
        let protocol = protocol?;
        let tls_help = "add a table [tls] with certificate = \"cert.pem\" and key = \"key.pem\"";
        match (protocol, tls) {
            (ListenerProtocol::Pop3s, _) if raw.plaintext_login.is_some() => {
                let help = "remove the line, or make it protocol = \"pop3\"";
                check.refuse(&key, "`plaintext_login` means nothing for pop3s, where everything is under TLS", help);
            }
            (ListenerProtocol::Pop3s, TlsTable::Absent) => {
                check.refuse(
                    &format!("{table}.protocol"),
                    "pop3s needs a certificate, and there is no table [tls]",
                    tls_help,
                );
            }
            (ListenerProtocol::Pop3, TlsTable::Absent) if plaintext_login == Some(PlaintextLogin::Never) => {
                // P-060: a mechanism that nobody may use is none.
                let message = "nobody could log in here: there is no table [tls], and `plaintext_login` is \"never\"";
                let help = format!("{tls_help}; or, for tests on this machine, plaintext_login = \"loopback\"");
                check.refuse(&format!("{table}.protocol"), message, &help);
            }
            _ => {}
        }
        Some(Self { protocol, address: address?, plaintext_login: plaintext_login? })
    }
}

/// Whether certificate and key are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsTable {
    /// There is such a table, though perhaps with mistakes of its own.
    Present,
    /// There is none.
    Absent,
}

fn protocol(check: &mut Check<'_>, key: &str, written: Option<&String>) -> Option<ListenerProtocol> {
    let written = check.required(key, written, "write protocol = \"pop3s\", or \"pop3\"")?;
    let found = ListenerProtocol::WORDS.iter().find(|(word, _)| *word == written);
    if found.is_none() {
        let (message, help) = unknown_word(key, written, &ListenerProtocol::WORDS.map(|(word, _)| word));
        check.refuse(key, &message, &help);
    }
    found.map(|(_, protocol)| *protocol)
}

fn address(check: &mut Check<'_>, key: &str, written: Option<&String>) -> Option<SocketAddr> {
    let written = check.required(key, written, "write where to listen: address = \"[::]:995\"")?;
    let address = written.parse();
    if address.is_err() {
        let port = written.rsplit_once(':').map_or(written, |(_, port)| port).parse::<u16>();
        let help = match port {
            Ok(port) => format!(
                "write an IP address and a port: \"[::]:{port}\" for every address, \"127.0.0.1:{port}\" for this machine"
            ),
            Err(_) => {
                "write an IP address and a port: \"[::]:995\" for every address, \"127.0.0.1:995\" for this machine"
                    .to_owned()
            }
        };
        check.refuse(key, &format!("{} is no IP address with a port", quoted(written)), &help);
    }
    address.ok()
}

fn plaintext_login(check: &mut Check<'_>, key: &str, written: Option<&RawPlaintextLogin>) -> Option<PlaintextLogin> {
    match written {
        None if check.excused.contains(key) => None,
        None => Some(PlaintextLogin::Never),
        Some(RawPlaintextLogin::Word(word)) => match word.as_str() {
            "never" => Some(PlaintextLogin::Never),
            "loopback" => Some(PlaintextLogin::Loopback),
            other => {
                let (message, help) = unknown_word(key, other, &["never", "loopback"]);
                check.refuse(key, &message, &format!("{help}, or networks: {{ networks = [\"10.0.0.0/8\"] }}"));
                None
            }
        },
        Some(RawPlaintextLogin::Networks(networks)) => {
            if networks.networks.is_empty() {
                check.refuse(
                    key,
                    "there is no network in the list",
                    "write plaintext_login = \"never\", if that is meant",
                );
                return None;
            }
            let written = networks.networks.iter().enumerate();
            let networks: Vec<_> = written
                .filter_map(|(index, written)| network(check, &format!("{key}.networks[{index}]"), written))
                .collect();
            (!networks.is_empty()).then_some(PlaintextLogin::Networks(networks))
        }
    }
}

fn network(check: &mut Check<'_>, key: &str, written: &str) -> Option<Network> {
    let network = Network::parse(written);
    if let Err(reason) = network {
        let help = match reason {
            NotANetwork::HostBits(meant) => format!("write \"{meant}\", or the address without a slash"),
            NotANetwork::Form | NotANetwork::Prefix(_) => {
                "write networks as \"10.0.0.0/8\" or \"2001:db8::/32\", or a single address".to_owned()
            }
        };
        check.refuse(key, &format!("{} is no network: {reason}", quoted(written)), &help);
    }
    network.ok()
}
