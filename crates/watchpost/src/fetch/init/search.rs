//! The search for the server of an address: what the domain says, then what is usual, each tried over TLS.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::net::NetError;
use serde_json::json;
use tokio::task::JoinHandle;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::client::Command;

use super::address::Address;
use super::autoconfig;
use super::candidate::{Allowed, Candidate, FoundBy, Ports, guesses, of_services, of_settings};
use super::dns::{Dns, Offer};
use super::tell::{Asker, Teller, shown};
use super::web::Web;
use crate::connect::{ConnectError, Deadlines, Security};
use crate::fetch::account::Account;
use crate::fetch::exchange::ask;
use crate::fetch::journal::Seen;
use crate::fetch::run::connector;

/// How long a server that may be the right one is waited for.
const PATIENCE: Deadlines =
    Deadlines { address: Duration::from_secs(6), handshake: Duration::from_secs(10), reply: Duration::from_secs(10) };
/// The services of RFC 6186 §3.3 and RFC 8314 §5.1, the preferred first.
const SERVICES: [(&str, Security); 2] = [("_pop3s._tcp", Security::Tls), ("_pop3._tcp", Security::Stls)];

/// A server that answers.
pub struct Found {
    /// Which.
    pub candidate: Candidate,
    /// Where it is, if a resolver was named.
    pub addresses: Option<Vec<IpAddr>>,
    /// What it says it can, under TLS.
    pub capabilities: Vec<String>,
}

/// Why there is none.
pub enum Nothing {
    /// The domain says that it offers no POP3.
    NotOffered,
    /// Nobody answers.
    Nobody,
    /// Only servers of others answer, and nobody has agreed to that.
    Outside(String),
}

/// A search.
pub struct Search<'a, 't, 'k> {
    /// For whom.
    pub address: &'a Address,
    /// Asks DNS.
    pub dns: &'a Dns,
    /// Where services are.
    pub ports: Ports,
    /// Tells of every step.
    pub teller: &'a mut Teller<'t>,
    /// Asks whether the server of another may be used.
    pub asker: &'a Asker<'k>,
    /// The account that a candidate would be. `None`: it can be none.
    pub account: &'a dyn Fn(&Candidate) -> Option<Account>,
}

impl Search<'_, '_, '_> {
    /// Searches; the first server that answers, in the order of what the domain says, is the one.
    pub async fn find(mut self) -> Result<Found, Nothing> {
        let mut outside = None;
        let (candidates, allowed) = self.services().await?;
        if let Some(found) = self.first(candidates, &mut outside).await {
            return Ok(found);
        }
        let candidates = self.settings().await;
        if let Some(found) = self.first(candidates, &mut outside).await {
            return Ok(found);
        }
        let candidates = self.usual(allowed).await;
        if let Some(found) = self.first(candidates, &mut outside).await {
            return Ok(found);
        }
        Err(outside.map_or(Nothing::Nobody, Nothing::Outside))
    }

    /// SRV records.
    async fn services(&mut self) -> Result<(Vec<Candidate>, Allowed), Nothing> {
        let domain = &self.address.domain;
        self.teller.heading("talk-search-srv-heading", &[("domain", domain.as_str().into())]);
        let mut allowed = [true; 2];
        let mut candidates = Vec::new();
        for (place, (service, security)) in SERVICES.into_iter().enumerate() {
            let name = format!("{service}.{domain}");
            let offer = self.dns.services(service, domain).await;
            let named = ("name", name.as_str().into());
            match offer {
                Ok(Offer::Unsaid) => {
                    self.teller.step("talk-search-srv-none", &[named], json!({"srv": name, "found": []}));
                }
                Ok(Offer::NotOffered) if !planted("fetch.ignores-a-service-that-is-not-offered") => {
                    allowed[place] = false;
                    self.teller.step("talk-search-srv-refused", &[named], json!({"srv": name, "offered": false}));
                }
                Ok(Offer::NotOffered) => {}
                Ok(Offer::At(services)) => {
                    for at in &services {
                        let variables = [
                            named.clone(),
                            ("server", shown(&format!("{}:{}", at.host, at.port))),
                            ("priority", at.priority.to_string().into()),
                            ("weight", at.weight.to_string().into()),
                        ];
                        let found = json!({"srv": name, "host": at.host, "port": at.port, "priority": at.priority});
                        self.teller.step("talk-search-srv-found", &variables, found);
                    }
                    candidates.extend(of_services(services, security, self.address));
                }
                Err(error) => self.trouble("talk-search-srv-trouble", &name, &error),
            }
        }
        if allowed == [false; 2] {
            return Err(Nothing::NotOffered);
        }
        Ok((candidates, Allowed { tls: allowed[0], stls: allowed[1] }))
    }

    fn trouble(&mut self, id: &str, name: &str, error: &NetError) {
        let variables = [("name", shown(name)), ("cause", shown(&error.to_string()))];
        self.teller.step(id, &variables, json!({"dns": name, "error": error.to_string()}));
    }

    /// Settings for mail programs: those that come first count.
    async fn settings(&mut self) -> Vec<Candidate> {
        self.teller.heading("talk-search-settings-heading", &[("domain", self.address.domain.as_str().into())]);
        let web = Web { dns: self.dns, https: self.ports.https, http: self.ports.http };
        for place in autoconfig::places(self.address) {
            let read = web.get(&place).await.and_then(|xml| autoconfig::settings(&xml, self.address));
            let secure = place.starts_with("https:");
            let settings = match read {
                Ok(settings) => settings,
                Err(cause) => {
                    let variables = [("place", shown(&place)), ("cause", shown(&cause))];
                    self.teller.step(
                        "talk-search-settings-none",
                        &variables,
                        json!({"autoconfig": place, "error": cause}),
                    );
                    continue;
                }
            };
            for setting in &settings {
                let server = format!("{}:{}", setting.host, setting.port);
                let id = match setting.security {
                    None => "talk-search-settings-clear",
                    Some(_) if setting.token => "talk-search-settings-token",
                    Some(_) => "talk-search-settings-found",
                };
                let variables = [("place", shown(&place)), ("server", shown(&server))];
                let found = json!({"autoconfig": place, "host": setting.host, "port": setting.port,
                    "tls": setting.security.is_some()});
                self.teller.step(id, &variables, found);
            }
            return of_settings(settings, secure, self.address);
        }
        Vec::new()
    }

    /// Names that are usual, and the hosts that take mail for the domain.
    async fn usual(&mut self, allowed: Allowed) -> Vec<Candidate> {
        let domain = self.address.domain.clone();
        self.teller.heading("talk-search-guess-heading", &[("domain", domain.as_str().into())]);
        let exchangers = match self.dns.exchangers(&domain).await {
            Ok(exchangers) => exchangers,
            Err(error) => {
                self.trouble("talk-search-srv-trouble", &format!("MX {domain}"), &error);
                Vec::new()
            }
        };
        if !exchangers.is_empty() {
            let hosts = exchangers.join(", ");
            self.teller.step("talk-search-mx-found", &[("hosts", shown(&hosts))], json!({"mx": exchangers}));
        }
        guesses(&exchangers, self.ports, allowed, self.address)
    }

    /// Tries them all at once; the first in their order that answers counts, if its host may be used.
    async fn first(&mut self, candidates: Vec<Candidate>, outside: &mut Option<String>) -> Option<Found> {
        if candidates.is_empty() {
            return None;
        }
        self.teller.heading("talk-search-probe-heading", &[]);
        let mut trying = Vec::new();
        for candidate in candidates {
            let account = (self.account)(&candidate);
            trying.push(Trying { probing: tokio::spawn(probe(account, self.dns.clone())), candidate });
        }
        for mut one in trying {
            let probed = (&mut one.probing).await.unwrap_or(Err(ConnectError::Closed));
            let candidate = one.candidate.clone();
            let server = format!("{}:{}", candidate.host, candidate.port);
            let tls = if candidate.security == Security::Tls { "TLS" } else { "STLS" };
            let mut variables = vec![("server", shown(&server)), ("tls", tls.into())];
            let mut told =
                json!({"probe": server, "tls": tls, "by": candidate.by.word(), "vouched": candidate.vouched});
            match probed {
                Ok(Answer { capabilities, addresses }) => {
                    variables.push(("capabilities", shown(&capabilities.join(", "))));
                    told["capabilities"] = json!(capabilities);
                    self.teller.step("talk-search-probe-answers", &variables, told);
                    if candidate.vouched || self.agreed(&candidate) {
                        return Some(Found { candidate, addresses, capabilities });
                    }
                    outside.get_or_insert(candidate.host);
                }
                Err(error) => {
                    variables.push(("cause", shown(&error.to_string())));
                    told["error"] = json!(error.to_string());
                    self.teller.step("talk-search-probe-fails", &variables, told);
                }
            }
        }
        None
    }

    /// A host of another: whoever changes an answer of DNS could have named it (C-004).
    fn agreed(&mut self, candidate: &Candidate) -> bool {
        if planted("fetch.uses-a-host-of-another-unasked") {
            return true;
        }
        let by = match candidate.by {
            FoundBy::Srv => "SRV",
            FoundBy::Settings => "http",
            FoundBy::Guess | FoundBy::Exchanger => "MX",
        };
        let variables =
            [("host", shown(&candidate.host)), ("domain", self.address.domain.as_str().into()), ("by", by.into())];
        let agreed = self.asker.confirm("talk-search-outside-question", &variables);
        let told = json!({"outside": candidate.host, "agreed": agreed});
        let id = if agreed { "talk-search-outside-agreed" } else { "talk-search-outside-refused" };
        self.teller.step(id, &variables, told);
        agreed
    }
}

struct Trying {
    candidate: Candidate,
    probing: JoinHandle<Result<Answer, ConnectError>>,
}

/// What a server says, and where it is if a resolver was named.
struct Answer {
    capabilities: Vec<String>,
    addresses: Option<Vec<IpAddr>>,
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.probing.abort();
    }
}

/// Connects, begins TLS, asks for capabilities, and leaves. Nobody's name or password is said (C-002).
async fn probe(account: Option<Account>, dns: Dns) -> Result<Answer, ConnectError> {
    let mut account = account.ok_or_else(|| ConnectError::Trust("this is no name of a server".to_owned()))?;
    account.deadlines = PATIENCE;
    let addresses = dns.addresses(&account.host).await;
    if addresses.as_ref().is_some_and(Vec::is_empty) {
        return Err(ConnectError::Resolve(account.host, std::io::ErrorKind::NotFound.into()));
    }
    let mut client = connector(&account, &Seen::default())?.found_at(addresses.clone()).connect().await?;
    // A server without CAPA is one of RFC 1939 (C-024).
    let _ = ask(&mut client, &Command::Capa).await?;
    let capabilities = client.session().capabilities().lines().to_vec();
    let _ = ask(&mut client, &Command::Quit).await;
    Ok(Answer { capabilities, addresses })
}
