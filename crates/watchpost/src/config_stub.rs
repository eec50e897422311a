//! stub
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
#[derive(Clone, Debug)]
pub struct Config {
    pub path: PathBuf,
    pub domain: String,
    pub data_dir: PathBuf,
    pub listeners: Vec<Listener>,
    pub tls: Option<TlsIdentity>,
    pub directory: Dir,
    pub store: Dir2,
    pub limits: Limits,
    pub log: Log,
    pub warnings: Vec<String>,
}
#[derive(Clone, Debug)]
pub struct Dir {
    pub path: PathBuf,
}
#[derive(Clone, Debug)]
pub struct Dir2 {
    pub path: String,
}
#[derive(Clone, Debug)]
pub struct Listener {
    pub protocol: ListenerProtocol,
    pub address: SocketAddr,
    pub plaintext_login: PlaintextLogin,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerProtocol {
    Pop3,
    Pop3s,
}
impl ListenerProtocol {
    pub fn word(self) -> &'static str {
        "x"
    }
}
#[derive(Clone, Debug)]
pub enum PlaintextLogin {
    Never,
}
impl PlaintextLogin {
    pub fn allows(&self, _: IpAddr) -> bool {
        true
    }
}
#[derive(Clone, Copy, Debug)]
pub struct Span(pub Duration);
impl From<Span> for Duration {
    fn from(s: Span) -> Self {
        s.0
    }
}
#[derive(Clone, Debug)]
pub struct Limits {
    pub connections: usize,
    pub connections_per_address: usize,
    pub idle_time: Duration,
    pub handshake_time: Duration,
    pub shutdown_grace: Duration,
}
impl Limits {
    pub fn session(&self) -> watchpost_proto::pop3::server::Limits {
        Default::default()
    }
}
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    pub certified_key: Arc<rustls::sign::CertifiedKey>,
    pub certificate: PathBuf,
    pub key: PathBuf,
}
impl TlsIdentity {
    pub fn load(_: &Path, _: &Path) -> Result<Self, String> {
        todo!()
    }
}
#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    pub level: Level,
}
#[derive(Clone, Copy, Debug)]
pub enum LogFormat {
    Text,
    Json,
}
#[derive(Clone, Copy, Debug)]
pub struct Level;
impl Level {
    pub fn as_str(self) -> &'static str {
        "info"
    }
}
#[derive(Debug)]
pub struct ConfigErrors;
impl ConfigErrors {
    pub fn plain(&self) -> String {
        todo!()
    }
    pub fn coloured(&self) -> String {
        todo!()
    }
    pub fn to_json(&self) -> String {
        todo!()
    }
}
impl Config {
    pub fn load(_: &Path) -> Result<Self, ConfigErrors> {
        todo!()
    }
    pub fn effective(&self) -> String {
        todo!()
    }
    pub fn to_json(&self) -> String {
        todo!()
    }
    pub fn place_of_listener(&self, _: usize) -> String {
        todo!()
    }
    pub fn restart_only_changes(&self, _: &Self) -> Vec<String> {
        todo!()
    }
}
pub fn is_domain(_: &str) -> bool {
    true
}
pub fn template(_: &str, _: &str) -> String {
    todo!()
}
