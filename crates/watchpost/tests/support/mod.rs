//! Runs the real program and real clients against it.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(clippy::print_stdout, reason = "how many planted faults were caught is reported")]

pub mod screen;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_watchpost");
/// Longer than anything here takes, so that a hang fails a test instead of stopping all.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The real mails: beside the checkout, or where `./check` put them. Never without.
pub fn corpus() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("WATCHPOST_CORPUS").map(PathBuf::from);
    let places = named.into_iter().chain([root.join("../shared/corpus/mail"), root.join("target/corpus/mail")]);
    let found = places.into_iter().find(|place| place.join("001-easy-ham-1.eml").exists());
    found.expect("the corpus of 300 mails is missing: run `./check corpus`").canonicalize().unwrap()
}

/// What a message is on the wire, without stuffing, written down naively.
pub fn canonical(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut octets = message.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                wire.extend_from_slice(b"\r\n");
            }
            b'\n' => wire.extend_from_slice(b"\r\n"),
            0 => wire.push(0x80),
            octet => wire.push(octet),
        }
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// The files of a folder by name, as they go over the wire.
pub fn messages_of(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    files.iter().map(|file| canonical(&fs::read(file).unwrap())).collect()
}

/// A program that runs in the background. Killed when dropped.
pub struct Running {
    pub child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, shared) = (child.stderr.take().unwrap(), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = shared.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, log, reader: Some(reader) }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log says something, and returns the log.
    pub fn logged(&self, words: &str) -> String {
        self.logged_times(words, 1)
    }

    /// Waits until the log says something so many times, and returns the log.
    pub fn logged_times(&self, words: &str, times: usize) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if log.matches(words).count() >= times {
                return log;
            }
            assert!(Instant::now() < end, "the log never said {words:?}:\n{log}");
            std::thread::yield_now();
        }
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                if let Some(reader) = self.reader.take() {
                    reader.join().unwrap();
                }
                return status;
            }
            assert!(Instant::now() < end, "the program does not end:\n{}", self.log());
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

static PLANTED: Mutex<Option<String>> = Mutex::new(None);

/// Programs begin with this fault from now on. For tests that are alone in their process.
pub fn plant(fault: Option<&str>) {
    *PLANTED.lock().unwrap() = fault.map(str::to_owned);
}

/// Plants each fault and runs its check, which must pass without it and fail with it. Each check runs once without.
pub fn every_fault_is_caught(of: &str, faults: &[(&str, fn())]) {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut sound: HashMap<usize, bool> = HashMap::new();
    let mut caught = Vec::new();
    for (fault, check) in faults {
        plant(None);
        let sound = *sound.entry(*check as usize).or_insert_with(|| catch_unwind(check).is_ok());
        plant(Some(fault));
        if sound && catch_unwind(check).is_err() {
            caught.push(*fault);
        }
        plant(None);
    }
    set_hook(hook);
    println!("{of}: {} planted, {} caught", faults.len(), caught.len());
    assert_eq!(caught, faults.iter().map(|(fault, _)| *fault).collect::<Vec<_>>());
}

/// Gives the fault to another command than a demo.
pub fn with_fault(command: &mut Command) {
    if let Some(fault) = planted_fault() {
        command.env("WATCHPOST_PLANTED_FAULT", fault);
    }
}

/// The fault that programs of these tests shall begin with.
pub fn planted_fault() -> Option<String> {
    PLANTED.lock().unwrap().clone()
}

/// A running demo and what it announced.
pub struct Demo {
    pub running: Running,
    pub facts: Value,
}

impl Demo {
    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args([
            "demo",
            "--no-visitors",
            "--json",
            "--lang",
            "en",
            "--pop3",
            "127.0.0.1:0",
            "--pop3s",
            "127.0.0.1:0",
            "--dir",
        ]);
        command.arg(dir).args(arguments);
        with_fault(&mut command);
        let mut running = Running::start(&mut command);
        let mut line = String::new();
        BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no announcement:\n{}", running.log()));
        Self { running, facts }
    }

    pub fn text(&self, key: &str) -> String {
        self.facts[key].as_str().unwrap().to_owned()
    }

    pub fn pop3(&self) -> SocketAddr {
        self.text("pop3").parse().unwrap()
    }

    pub fn pop3s(&self) -> SocketAddr {
        self.text("pop3s").parse().unwrap()
    }

    pub fn password(&self) -> String {
        self.facts["accounts"]["alice"].as_str().unwrap().to_owned()
    }

    /// Ends it in order.
    pub fn stop(mut self) -> String {
        self.running.signal("-TERM");
        assert!(self.running.wait().success(), "{}", self.running.log());
        self.running.log()
    }
}

/// A client that types POP3 in clear text.
pub struct Typist {
    stream: BufReader<TcpStream>,
}

impl Typist {
    /// Connects and takes the greeting.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut typist = Self { stream: BufReader::new(stream) };
        assert_eq!(typist.line(), "+OK Watchpost ready\r\n");
        typist
    }

    pub fn logged_in(demo: &Demo) -> Self {
        let mut typist = Self::connect(demo.pop3());
        typist.ok("USER alice");
        typist.ok(&format!("PASS {}", demo.password()));
        typist
    }

    pub fn send(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).unwrap();
    }

    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Says a command and returns the first line of its reply.
    pub fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.line()
    }

    pub fn ok(&mut self, command: &str) -> String {
        let reply = self.say(command);
        assert!(reply.starts_with("+OK"), "{reply}");
        reply
    }

    /// The lines behind the first, up to the lone dot.
    pub fn lines(&mut self, command: &str) -> Vec<String> {
        self.ok(command);
        std::iter::from_fn(|| Some(self.line()).filter(|line| line != ".\r\n" && !line.is_empty()))
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// A message as it comes, un-stuffed; `None` if the connection ends before it does.
    pub fn message(&mut self, command: &str) -> Option<Vec<u8>> {
        self.ok(command);
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            self.stream.read_until(b'\n', &mut line).unwrap();
            match line.as_slice() {
                b"" => return None,
                b".\r\n" => return Some(message),
                [b'.', rest @ ..] => message.extend_from_slice(rest),
                line => message.extend_from_slice(line),
            }
        }
    }

    pub fn reader(&mut self) -> &mut BufReader<TcpStream> {
        &mut self.stream
    }

    pub fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// What still comes until the server closes.
    /// Says that nothing more will come.
    pub fn finish(&self) {
        self.stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    }

    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset after the last octet is an end too.
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }
}

/// Runs a client to its end, with this on its standard input.
pub fn client(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a client");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A client that has read enough closes its end.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
