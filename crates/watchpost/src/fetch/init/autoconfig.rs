//! Settings for mail programs, as Thunderbird reads them: an XML file that a domain puts on its web server.
//!
//! What is read of it: `<incomingServer type="pop3">` with `hostname`, `port`, `socketType`, `username` and
//! `authentication`. A document type ends the reading, so that no entity can be declared; nothing outside is fetched.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::address::Address;
use crate::connect::Security;

/// Elements inside each other.
const DEPTH_MAX: usize = 16;
/// Octets of the text of one element.
const TEXT_MAX: usize = 512;
/// Servers that are looked at.
const SERVERS_MAX: usize = 8;

/// A server that settings name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What protects the connection; `None`: nothing does, and we do not use it.
    pub security: Option<Security>,
    /// The user name, filled in; empty if the settings say none.
    pub user: String,
    /// Whether all that is offered is a token (OAuth 2.0).
    pub token: bool,
}

/// Where the settings of a domain may be, in the order of asking. Without TLS the address is not said.
pub fn places(address: &Address) -> [String; 4] {
    let domain = &address.domain;
    let path = "mail/config-v1.1.xml";
    let said: String = address
        .full
        .bytes()
        .map(|octet| {
            if octet.is_ascii_alphanumeric() || b"._-".contains(&octet) {
                char::from(octet).to_string()
            } else {
                format!("%{octet:02X}")
            }
        })
        .collect();
    [
        format!("https://autoconfig.{domain}/{path}?emailaddress={said}"),
        format!("https://{domain}/.well-known/autoconfig/{path}"),
        format!("http://autoconfig.{domain}/{path}"),
        format!("http://{domain}/.well-known/autoconfig/{path}"),
    ]
}

/// What is being read.
#[derive(Default)]
struct Reading {
    path: Vec<String>,
    text: String,
    server: Option<Raw>,
    found: Vec<Setting>,
}

#[derive(Default)]
struct Raw {
    host: String,
    port: String,
    socket: String,
    user: String,
    ways: Vec<String>,
}

/// The POP3 servers of a settings file, or why it cannot be read.
pub fn settings(xml: &[u8], address: &Address) -> Result<Vec<Setting>, String> {
    let xml = std::str::from_utf8(xml).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    reader.config_mut().check_end_names = true;
    let mut reading = Reading::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                let kind = start.try_get_attribute("type").ok().flatten();
                let pop3 = kind.is_some_and(|kind| kind.value.eq_ignore_ascii_case("pop3"));
                reading.begin(start.local_name().as_ref(), pop3)?;
            }
            Event::End(_) => reading.end(address),
            Event::Text(text) => reading.push(&text)?,
            Event::CData(text) => reading.push(&text)?,
            Event::GeneralRef(entity) => {
                let letter = entity.resolve_char_ref().map_err(|error| error.to_string())?;
                let known = letter.map(String::from);
                let known = known.or_else(|| resolve_predefined_entity(&entity).map(str::to_owned));
                reading.push(&known.ok_or("it has an entity of its own")?)?;
            }
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::Eof if reading.path.is_empty() => break,
            Event::Eof => return Err("it ends too early".to_owned()),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if reading.found.is_empty() { Err("it names no POP3 server".to_owned()) } else { Ok(reading.found) }
}

impl Reading {
    fn begin(&mut self, name: &str, pop3: bool) -> Result<(), String> {
        if self.path.len() >= DEPTH_MAX {
            return Err("its elements are too deep".to_owned());
        }
        let here: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if here == ["clientConfig", "emailProvider"] && name == "incomingServer" && pop3 {
            self.server = Some(Raw::default());
        }
        self.path.push(name.to_owned());
        self.text.clear();
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), String> {
        if self.server.is_none() {
            return Ok(());
        }
        if self.text.len() + text.len() > TEXT_MAX {
            return Err("an element is too long".to_owned());
        }
        self.text.push_str(text);
        Ok(())
    }

    fn end(&mut self, address: &Address) {
        let Some(name) = self.path.pop() else { return };
        let text = std::mem::take(&mut self.text).trim().to_owned();
        let Some(server) = &mut self.server else { return };
        match (self.path.len(), name.as_str()) {
            (3, "hostname") => server.host = text,
            (3, "port") => server.port = text,
            (3, "socketType") => server.socket = text,
            (3, "username") => server.user = text,
            (3, "authentication") => server.ways.push(text),
            (2, _) => {
                let server = self.server.take().and_then(|raw| raw.setting(address));
                self.found.extend(server.filter(|_| self.found.len() < SERVERS_MAX));
            }
            _ => {}
        }
    }
}

impl Raw {
    fn setting(self, address: &Address) -> Option<Setting> {
        let host = address.filled_in(&self.host).trim_end_matches('.').to_ascii_lowercase();
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || b".-_".contains(&octet);
        if host.is_empty() || host.len() > 253 || !host.bytes().all(legal) {
            return None;
        }
        let security = match self.socket.to_ascii_uppercase().as_str() {
            "SSL" | "TLS" => Some(Security::Tls),
            "STARTTLS" => Some(Security::Stls),
            _ => None,
        };
        let port = self.port.parse().ok().filter(|port| *port > 0)?;
        let user = address.filled_in(&self.user);
        let user = if user.contains(char::is_control) { String::new() } else { user };
        let token = !self.ways.is_empty() && self.ways.iter().all(|way| way.eq_ignore_ascii_case("OAuth2"));
        Some(Setting { host, port, security, user, token })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alice() -> Address {
        Address::parse("alice@example.org").unwrap()
    }

    fn read(inner: &str) -> Result<Vec<Setting>, String> {
        let text = format!(
            "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"example.org\">{inner}</emailProvider>\
             </clientConfig>"
        );
        settings(text.as_bytes(), &alice())
    }

    const SERVER: &str = "<incomingServer type=\"imap\"><hostname>imap.example.org</hostname><port>993</port>\
        <socketType>SSL</socketType></incomingServer>\n<incomingServer type=\"pop3\">\n <hostname>pop.%EMAILDOMAIN%</hostname>\
        <port> 995 </port><socketType>SSL</socketType><username>a&amp;b&#47;%EMAILADDRESS%</username>\
        <authentication>password-cleartext</authentication><authentication>OAuth2</authentication></incomingServer>";

    #[test]
    fn the_pop3_servers_are_read_and_nothing_else() {
        let found = read(SERVER).unwrap();
        let expected = Setting {
            host: "pop.example.org".into(),
            port: 995,
            security: Some(Security::Tls),
            user: "a&b/alice@example.org".into(),
            token: false,
        };
        assert_eq!(found, [expected]);
        let server = |socket: &str, more: &str| {
            read(&format!(
                "<incomingServer type='pop3'><hostname>h</hostname><port>110</port><socketType>{socket}</socketType>{more}\
                 </incomingServer>"
            ))
        };
        assert_eq!(server("STARTTLS", "").unwrap()[0].security, Some(Security::Stls));
        assert_eq!(server("plain", "").unwrap()[0].security, None);
        assert!(server("SSL", "<authentication>OAuth2</authentication>").unwrap()[0].token);
    }

    #[test]
    fn what_is_not_plain_xml_is_refused() {
        // Billions of laughs, files of ours, nests without end.
        let deep = "<a>".repeat(100);
        let long = format!("<incomingServer type='pop3'><hostname>{}</hostname></incomingServer>", "h".repeat(600));
        for wrong in
            [deep.as_str(), &long, "<incomingServer type='pop3'><hostname>&x;</hostname></incomingServer>", "<a></b>"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let entity = "<!DOCTYPE x [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><clientConfig/>";
        assert_eq!(settings(entity.as_bytes(), &alice()).unwrap_err(), "it has a document type");
        for host in ["a b", "x/../y", "h\u{1}", ""] {
            assert!(read(&SERVER.replace("pop.%EMAILDOMAIN%", host)).is_err(), "{host}");
        }
        assert!(settings(b"<html><body>Not found</body></html>", &alice()).is_err());
        assert!(settings(b"\xff", &alice()).is_err());
    }

    #[test]
    fn where_settings_are_asked_for_says_the_address_under_tls_alone() {
        let places = places(&Address::parse("a+b&c@example.org").unwrap());
        assert_eq!(
            places[0],
            "https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=a%2Bb%26c%40example.org"
        );
        assert!(places.iter().all(|place| place.starts_with("https") || !place.contains('?')));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = settings(&octets, &alice());
        }

        #[test]
        fn any_cut_of_a_good_file_is_refused(cut in 1_usize..400) {
            let text = format!("<clientConfig><emailProvider>{SERVER}</emailProvider></clientConfig>");
            let cut = cut.min(text.len() - 1);
            prop_assert!(settings(&text.as_bytes()[..cut], &alice()).is_err());
        }
    }
}
