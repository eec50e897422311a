//! One session.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::text::{canonical, decoded, stuffed, top};
use super::{House, NAME, PASSWORD, Stream, Tls};

struct Message {
    path: PathBuf,
    id: String,
    octets: Vec<u8>,
    /// Larger than it is, for sums that wrap.
    pretended: u64,
}

struct Session<'a> {
    house: &'a House,
    stream: Option<Stream>,
    buffer: Vec<u8>,
    name: Option<String>,
    messages: Option<Vec<Message>>,
    deleted: HashSet<usize>,
    utf8: bool,
    lines: usize,
    bad: usize,
}

/// Runs it to its end; `None`: the stream is gone.
pub fn run(stream: Stream, house: &House) -> Option<Stream> {
    let mut session = Session {
        house,
        stream: Some(stream),
        buffer: Vec::new(),
        name: None,
        messages: None,
        deleted: HashSet::new(),
        utf8: false,
        lines: 0,
        bad: 0,
    };
    let _ = session.converse();
    if session.messages.is_some() {
        house.locked.store(false, Ordering::SeqCst);
    }
    session.stream
}

/// A line, or one above the limit.
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// What follows a command.
enum Next {
    Go,
    End,
}

impl Session<'_> {
    fn slips(&self, name: &str) -> bool {
        self.house.slips(name)
    }

    fn say(&mut self, text: &str) -> io::Result<Next> {
        self.bad = if text.starts_with("-ERR") { self.bad + 1 } else { 0 };
        let many = self.bad > if self.messages.is_some() { 20 } else { 10 };
        let text = if many && !self.slips("17") { "-ERR too many bad commands" } else { text };
        self.write(format!("{text}\r\n").as_bytes())?;
        Ok(if many && !self.slips("17") { Next::End } else { Next::Go })
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.as_mut().map_or(Err(io::ErrorKind::NotConnected.into()), |stream| stream.write(octets))
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut piece = [0; 4096];
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let octets = stream.read(&mut piece)?;
        self.buffer.extend_from_slice(&piece[..octets]);
        Ok(octets)
    }

    /// The next line; `None`: the end.
    fn line(&mut self, limit: usize) -> io::Result<Option<Line>> {
        loop {
            if self.lines == 0 && self.buffer.starts_with(&[0x16, 0x03]) {
                return Ok(None);
            }
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                self.lines += 1;
                let rest = self.buffer.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                let limit = if line.starts_with(b"AUTH ") { 24_000 } else { limit };
                let short = line.len() + 2 <= limit || self.slips("28");
                return Ok(Some(if short { Line::Whole(line) } else { Line::TooLong }));
            }
            match self.fill() {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.slips("14") {
                        self.write(b"-ERR idle for too long\r\n")?;
                    }
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn converse(&mut self) -> io::Result<()> {
        if self.slips("15") && self.house.asked_auth.load(Ordering::SeqCst) >= 31 {
            return Ok(());
        }
        self.say("+OK ready")?;
        while let Some(line) = self.line(255)? {
            let next = match line {
                Line::TooLong => self.say("-ERR line too long")?,
                Line::Whole(line) => self.command(line)?,
            };
            if matches!(next, Next::End) {
                break;
            }
        }
        Ok(())
    }

    fn command(&mut self, mut line: Vec<u8>) -> io::Result<Next> {
        if self.slips("21b") {
            line.retain(|octet| *octet != b'\r');
        }
        let name = self.name.take();
        if self.lines == 1 && line.ends_with(b" HTTP/1.1") {
            return Ok(Next::End);
        }
        if self.slips("28") && !line.starts_with(b"PASS ") && !is_known(&line) {
            let echo = [b"-ERR what is ".as_slice(), &line, b"\r\n"].concat();
            self.write(&echo)?;
            return Ok(Next::Go);
        }
        if line.iter().any(u8::is_ascii_control) || !line.is_ascii() {
            return self.say("-ERR invalid character");
        }
        let text = String::from_utf8(line).unwrap();
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        match (verb.to_uppercase().as_str(), self.messages.is_some()) {
            ("QUIT", _) if words.is_empty() => self.quit(),
            ("CAPA", _) if words.is_empty() => self.capa(),
            ("LANG", _) => self.lang(&words),
            ("NOOP", logged_in) if words.is_empty() && (logged_in || self.slips("21c")) => self.say("+OK"),
            ("STLS", logged_in) if words.is_empty() && (!logged_in || self.slips("13")) => self.stls(),
            ("USER", false) if words.len() == 1 => {
                self.name = Some(words[0].to_owned());
                self.say("+OK send PASS")
            }
            ("PASS", false) => match name {
                Some(name) => self.pass(&name, rest),
                None => self.say("-ERR send USER first"),
            },
            ("AUTH", false) => self.auth(&words),
            ("UTF8", false) if words.is_empty() && !self.slips("8a") => {
                self.utf8 = true;
                self.say("+OK UTF8")
            }
            (verb, true) => self.transaction(verb, &words),
            _ => self.say("-ERR not now, or never"),
        }
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Some(Stream::Tls(_)))
    }

    fn capa(&mut self) -> io::Result<Next> {
        let mut lines = vec!["TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "LANG", "UTF8"];
        lines.push(if self.slips("10") { "SASL PLAIN LOGIN XOAUTH2" } else { "SASL PLAIN LOGIN" });
        if !self.is_tls() && self.messages.is_none() && self.house.tls == Tls::ByStls {
            lines.push("STLS");
        }
        self.say(&format!("+OK\r\n{}\r\n.", lines.join("\r\n")))
    }

    fn lang(&mut self, words: &[&str]) -> io::Result<Next> {
        match words {
            _ if self.slips("8b") => self.say("-ERR unknown command"),
            [] => self.say("+OK\r\nen English\r\nja 日本語\r\n."),
            [tag] => match tag.to_lowercase().as_str() {
                "en" | "*" => self.say("+OK en English"),
                "ja" => self.say("+OK ja 日本語"),
                _ => self.say("-ERR no such language"),
            },
            _ => self.say("-ERR surplus argument"),
        }
    }

    fn stls(&mut self) -> io::Result<Next> {
        let used = self.house.began_tls.load(Ordering::SeqCst) > 0;
        if self.is_tls() || self.utf8 || (used && self.slips("33")) {
            return self.say("-ERR no TLS now");
        }
        if !self.slips("1") && !self.buffer.is_empty() {
            return Ok(Next::End);
        }
        self.say("+OK begin TLS")?;
        let Some(Stream::Clear(socket)) = self.stream.take() else { return Ok(Next::End) };
        let mut first = [0];
        if socket.peek(&mut first)? == 0 || first[0] != 0x16 {
            self.stream = Some(Stream::Clear(socket));
            return Ok(Next::End);
        }
        self.stream = Some(Stream::Clear(socket).begin_tls(&self.house.config)?);
        self.house.began_tls.fetch_add(1, Ordering::SeqCst);
        (self.name, self.utf8) = (None, false);
        Ok(Next::Go)
    }

    fn pass(&mut self, name: &str, password: &str) -> io::Result<Next> {
        if self.slips("21a") && password.contains(' ') && password != PASSWORD {
            return self.say("-ERR surplus argument");
        }
        self.login(name.as_bytes(), password.as_bytes())
    }

    fn login(&mut self, name: &[u8], password: &[u8]) -> io::Result<Next> {
        if name != NAME.as_bytes() || password != PASSWORD.as_bytes() {
            return match self.house.slip {
                "20" => Ok(Next::End),
                "23a" => self.say("-ERR wrong"),
                "23b" => self.say("-ERR [IN-USE] wrong"),
                "9" => self.say(&format!("-ERR [AUTH] {} is wrong", String::from_utf8_lossy(password))),
                _ => self.say("-ERR [AUTH] wrong"),
            };
        }
        if self.slips("29") {
            self.say("+OK maildrop is yours")?;
        }
        let locked = self.house.locked.swap(true, Ordering::SeqCst) && !self.slips("25");
        if locked {
            let code = if self.slips("23c") { "[SYS/TEMP]" } else { "[IN-USE]" };
            return self.say(&format!("-ERR {code} maildrop is locked"));
        }
        self.messages = Some(self.open());
        if self.slips("14") || self.slips("36") {
            let socket = self.stream.as_ref().unwrap().socket();
            socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        }
        if self.slips("29") { Ok(Next::Go) } else { self.say("+OK maildrop is yours") }
    }

    fn open(&self) -> Vec<Message> {
        let entries = fs::read_dir(self.house.maildir.join("new")).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        if self.slips("34a") && paths.len() > 100 {
            paths.drain(..paths.len() - 100);
        }
        let mut messages: Vec<Message> = paths.into_iter().map(|path| self.message(path)).collect();
        if self.slips("7") {
            let huge = Message { path: PathBuf::new(), id: "huge".into(), octets: Vec::new(), pretended: 5 << 30 };
            messages.push(huge);
        }
        messages
    }

    fn message(&self, path: PathBuf) -> Message {
        // The test may be over, and its folder gone.
        let raw = fs::read(&path).unwrap_or_default();
        let mut octets = canonical(&raw);
        let text = String::from_utf8_lossy(&raw);
        let mut id = path.file_name().unwrap().to_str().unwrap().to_owned();
        if self.slips("24") {
            let mut ids = self.house.ids.lock().unwrap();
            let next = ids.len();
            // Two files share a number, as different pairs do that are glued together.
            id = (*ids.entry(id).or_insert(next) / 2).to_string();
        }
        if let Some(chosen) = text.strip_prefix("X-UIDL: ").filter(|_| self.slips("27")) {
            chosen.lines().next().unwrap().clone_into(&mut id);
        }
        let mut pretended = octets.len() as u64;
        if self.slips("22") && !raw.ends_with(b"\n") {
            pretended -= 2.min(pretended);
        }
        if self.slips("31") && raw.contains(&0) {
            octets = canonical(&raw[..raw.iter().position(|octet| *octet == 0).unwrap()]);
        }
        if self.slips("32") {
            let short = |line: &[u8]| [&line[..line.len().min(65_536)], b"\r\n"].concat();
            let text = octets.strip_suffix(b"\r\n").unwrap_or(&octets).to_vec();
            octets = text.split(|octet| *octet == b'\n').flat_map(|line| short(line.trim_ascii_end())).collect();
        }
        Message { path, id, octets, pretended }
    }

    fn auth(&mut self, words: &[&str]) -> io::Result<Next> {
        let (mechanism, initial) = match words {
            [] => {
                self.house.asked_auth.fetch_add(1, Ordering::SeqCst);
                let more = if self.slips("10") { "XOAUTH2\r\n" } else { "" };
                return self.say(&format!("+OK\r\nPLAIN\r\nLOGIN\r\n{more}."));
            }
            [mechanism] => (mechanism.to_uppercase(), None),
            [mechanism, initial] => (mechanism.to_uppercase(), Some((*initial).to_owned())),
            _ => return self.say("-ERR surplus argument"),
        };
        match (mechanism.as_str(), initial) {
            ("PLAIN", Some(initial)) if initial == "=" && !self.slips("12b") => self.plain(b""),
            ("PLAIN", Some(initial)) if initial != "=" => self.plain(initial.as_bytes()),
            ("PLAIN", _) => {
                let challenge: &[u8] = if self.slips("12a") { b"+\r\n" } else { b"+ \r\n" };
                match self.response(challenge)? {
                    Some(response) => self.plain(&response),
                    None => self.say("-ERR too long, or cancelled"),
                }
            }
            ("LOGIN", None) => {
                let (name, password) = (self.response(b"+ VXNlcm5hbWU6\r\n")?, self.response(b"+ UGFzc3dvcmQ6\r\n")?);
                match name.as_deref().and_then(decoded).zip(password.as_deref().and_then(decoded)) {
                    Some((name, password)) => self.login(&name, &password),
                    None => self.say("-ERR malformed"),
                }
            }
            ("XOAUTH2", _) if self.slips("10") => self.response(b"+ \r\n").map(|_| Next::Go),
            _ => self.say("-ERR no such mechanism"),
        }
    }

    fn response(&mut self, challenge: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.write(challenge)?;
        let limit = if self.slips("11") { 1024 } else { 24_000 };
        Ok(match self.line(limit)? {
            Some(Line::Whole(line)) if line != b"*" => Some(line),
            _ => None,
        })
    }

    fn plain(&mut self, response: &[u8]) -> io::Result<Next> {
        let Some(message) = decoded(response) else { return self.say("-ERR bad base64") };
        let parts: Vec<&[u8]> = message.split(|octet| *octet == 0).collect();
        match parts.as_slice() {
            [_, name, password] if !name.is_empty() && !password.is_empty() => self.login(name, password),
            _ => self.say("-ERR malformed"),
        }
    }

    fn number(&self, word: &str) -> Option<usize> {
        let messages = self.messages.as_ref()?;
        let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
        let whole = !word.is_empty() && (digits == word || (self.slips("3c") && !digits.is_empty()));
        let number: u128 = digits.parse().ok().filter(|_| whole)?;
        let number = match number {
            0 if self.slips("3a") => 1,
            number if self.slips("3b") => number & 0xffff_ffff,
            number => number,
        };
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let answers = !self.deleted.contains(&index) || self.slips("6b");
        Some(index).filter(|index| *index < messages.len() && answers)
    }

    fn listed(&self) -> Vec<usize> {
        let all = 0..self.messages.as_ref().map_or(0, Vec::len);
        all.filter(|index| !self.deleted.contains(index) || self.slips("6a")).collect()
    }

    fn transaction(&mut self, verb: &str, words: &[&str]) -> io::Result<Next> {
        let index = words.first().map(|word| self.number(word));
        match (verb, index, words.len()) {
            ("STAT", None, _) => self.stat(),
            ("LIST" | "UIDL", None, _) => self.list(verb),
            ("LIST", Some(Some(_)), 1) if self.slips("34b") => self.list(verb),
            ("LIST" | "UIDL", Some(Some(index)), 1) => {
                let value = self.value(verb, index);
                self.say(&format!("+OK {} {value}", index + 1))
            }
            ("RETR", Some(Some(index)), 1) => self.retr(index, None),
            ("TOP", Some(Some(index)), 2) => match words[1].parse() {
                Ok(lines) => self.retr(index, Some(lines)),
                Err(_) => self.say("-ERR no number"),
            },
            ("DELE", Some(Some(index)), 1) => {
                self.deleted.insert(index);
                self.say("+OK marked")
            }
            ("RSET", None, _) => {
                self.deleted.clear();
                self.say("+OK")
            }
            _ => self.say("-ERR no such command, or no such message"),
        }
    }

    fn value(&self, verb: &str, index: usize) -> String {
        let message = &self.messages.as_ref().unwrap()[index];
        if verb == "LIST" { message.pretended.to_string() } else { message.id.clone() }
    }

    fn stat(&mut self) -> io::Result<Next> {
        let listed = self.listed();
        let messages = self.messages.as_ref().unwrap();
        let mut octets: u64 = listed.iter().map(|index| messages[*index].pretended).sum();
        if self.slips("7") {
            octets &= 0xffff_ffff;
        }
        self.say(&format!("+OK {} {octets}", listed.len()))
    }

    fn list(&mut self, verb: &str) -> io::Result<Next> {
        let mut out = String::from("+OK\r\n");
        for (place, index) in self.listed().into_iter().enumerate() {
            let number = if self.slips("6c") { place } else { index } + 1;
            out.extend([number.to_string(), " ".into(), self.value(verb, index), "\r\n".into()]);
        }
        self.say(&format!("{out}."))
    }

    fn retr(&mut self, index: usize, lines: Option<u64>) -> io::Result<Next> {
        let message = &self.messages.as_ref().unwrap()[index];
        let (size, octets) = (message.pretended, message.octets.clone());
        let header = octets
            .windows(4)
            .position(|end| end == b"\r\n\r\n")
            .map_or(0, |end| octets[..end + 2].split_inclusive(|octet| *octet == b'\n').count() as u64);
        let part = match lines {
            None => octets.clone(),
            Some(0) if self.slips("5a") => octets.clone(),
            Some(lines) if self.slips("5b") => top(&octets, lines.saturating_sub(header)),
            Some(lines) => top(&octets, lines),
        };
        let mut body = stuffed(&part);
        if self.slips("4") && part.starts_with(b".") {
            body.remove(0);
        }
        if self.slips("4b") || (self.slips("5c") && lines.is_some()) {
            body = part;
        }
        self.say(&format!("+OK {size} octets"))?;
        self.write(&body)?;
        self.write(b".\r\n")?;
        Ok(Next::Go)
    }

    fn quit(&mut self) -> io::Result<Next> {
        let gone: Vec<(PathBuf, Vec<u8>)> = match &self.messages {
            Some(messages) => self
                .deleted
                .iter()
                .map(|index| (messages[*index].path.clone(), messages[*index].octets.clone()))
                .collect(),
            None => Vec::new(),
        };
        for (path, octets) in gone.into_iter().filter(|_| !self.slips("30")) {
            let _ = fs::remove_file(path);
            if self.slips("2") {
                let twins = self.messages.iter().flatten().filter(|message| message.octets == octets);
                twins.for_each(|message| drop(fs::remove_file(&message.path)));
            }
        }
        if self.messages.take().is_some() {
            self.house.locked.store(false, Ordering::SeqCst);
        }
        self.say("+OK bye")?;
        Ok(Next::End)
    }
}

fn is_known(line: &[u8]) -> bool {
    let verb = line.split(|octet| *octet == b' ').next().unwrap_or_default().to_ascii_uppercase();
    [
        &b"QUIT"[..],
        b"CAPA",
        b"LANG",
        b"NOOP",
        b"STLS",
        b"USER",
        b"AUTH",
        b"UTF8",
        b"STAT",
        b"LIST",
        b"UIDL",
        b"RETR",
        b"TOP",
        b"DELE",
        b"RSET",
    ]
    .contains(&verb.as_slice())
}
