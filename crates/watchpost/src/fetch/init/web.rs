//! One GET: bounded in time, octets and redirections, and never from https to http.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONNECTION, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;

use super::dns::Dns;
use crate::connect::{Connector, Deadlines, Security, Target, Trust};

/// How long it may take, redirections and all.
const PATIENCE: Duration = Duration::from_secs(12);
/// Octets of an answer: settings have two thousand.
const BODY_MAX: usize = 256 * 1024;
/// Octets of its header.
const HEAD_MAX: usize = 16 * 1024;
/// Redirections that are followed.
const MOVES_MAX: usize = 3;

/// Asks web servers.
pub struct Web<'a> {
    /// Finds their addresses.
    pub dns: &'a Dns,
    /// Where https is.
    pub https: u16,
    /// Where http is.
    pub http: u16,
}

enum Answer {
    Body(Vec<u8>),
    Moved(String),
}

impl Web<'_> {
    /// The octets at a URL, or why there are none.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let following = tokio::time::timeout(PATIENCE, self.follow(url)).await;
        following.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn follow(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut uri: Uri = url.parse().map_err(said)?;
        for _ in 0..=MOVES_MAX {
            match self.ask(&uri).await? {
                Answer::Body(body) => return Ok(body),
                Answer::Moved(location) => uri = moved(&uri, &location)?,
            }
        }
        Err(format!("redirected more than {MOVES_MAX} times"))
    }

    async fn ask(&self, uri: &Uri) -> Result<Answer, String> {
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host().ok_or("the URL has no host")?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if secure { self.https } else { self.http });
        let addresses = self.dns.addresses(&host).await;
        let security = if secure { Security::Tls } else { Security::Clear };
        let target = Target { host, port, security, trust: Trust::System };
        let connector = Connector::new(target, Deadlines::default()).map_err(said)?.found_at(addresses);
        let mut link = connector.dial().await.map_err(said)?;
        if secure {
            link = connector.handshake_offering(link, &[b"http/1.1"]).await.map_err(said)?;
        }
        let stream = TokioIo::new(link.into_stream());
        let mut builder = hyper::client::conn::http1::Builder::new();
        let (mut sender, connection) = builder.max_buf_size(HEAD_MAX).handshake(stream).await.map_err(said)?;
        // Ends with this call, however that ends.
        let mut driving = tokio::task::JoinSet::new();
        driving.spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = uri.authority().ok_or("the URL has no host")?.as_str();
        let request = Request::get(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("watchpost/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/xml, text/xml")
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(said)?;
        let response = sender.send_request(request).await.map_err(said)?;
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            return location.map(|location| Answer::Moved(location.to_owned())).ok_or_else(|| status.to_string());
        }
        if status.as_u16() != 200 {
            return Err(status.to_string());
        }
        let body = Limited::new(response.into_body(), BODY_MAX).collect().await.map_err(said)?;
        Ok(Answer::Body(body.to_bytes().to_vec()))
    }
}

/// An error and what caused it.
fn said(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> String {
    let error = error.into();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let said = deeper.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = deeper.source();
    }
    text
}

/// Where a redirection leads. What was asked under TLS is not asked again without it.
fn moved(from: &Uri, location: &str) -> Result<Uri, String> {
    let to = if location.starts_with('/') && !location.starts_with("//") {
        let authority = from.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}{location}", from.scheme_str().unwrap_or("https"))
    } else {
        location.to_owned()
    };
    let to: Uri = to.parse().map_err(|_| "redirected to what is no URL".to_owned())?;
    match (from.scheme_str(), to.scheme_str()) {
        (_, Some("https")) | (Some("http"), Some("http")) => Ok(to),
        _ => Err("redirected to an address without TLS".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_never_leads_out_of_tls() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let secure = uri("https://autoconfig.example.org/a");
        assert_eq!(moved(&secure, "/b?c").unwrap(), "https://autoconfig.example.org/b?c");
        assert_eq!(moved(&secure, "https://x.example/").unwrap(), "https://x.example/");
        for location in ["http://autoconfig.example.org/a", "ftp://x/", "//x/y", "nowhere", ""] {
            assert!(moved(&secure, location).is_err(), "{location}");
        }
        assert!(moved(&uri("http://x/"), "http://y/").is_ok());
    }
}
