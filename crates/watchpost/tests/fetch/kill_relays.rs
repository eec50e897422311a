//! SIGKILL while mail goes to where nobody can look afterwards: LMTP, SMTP, a command. Nothing is lost, each kill leaves
//! one message twice at the most, and the run after it names that one (C-061). Messages are told apart by their digests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};

use crate::house::House;
use crate::kill::{End, Random, TEMPORARY_FAILURE, child_of, scratch, wait_or_kill};
use crate::server::Server;
use crate::support::{PATIENCE, with_fault};

/// Messages on the server.
const MESSAGES: usize = 12;
/// Kills in a row before a run may finish.
const KILLS_IN_A_ROW: u64 = 3;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub kills: usize,
    pub messages: usize,
    pub lost: usize,
    /// Copies of messages that were named as doubtful.
    pub twice_and_named: usize,
    /// Copies of others, and what is no message that anybody sent.
    pub twice: usize,
    /// Named as doubtful.
    pub in_doubt: usize,
}

/// Where mail goes.
pub trait Receiving {
    /// Keys of an account that delivers there.
    fn keys(&self, house: &Path) -> String;
    /// Everything that has arrived since this was asked last, once nothing is under way any more.
    fn taken(&self, house: &Path) -> Vec<Vec<u8>>;
}

fn mail(trial: usize) -> Vec<(String, Vec<u8>)> {
    let message = |number: usize| {
        // One of them is larger than every buffer on the way.
        let lines = if number == 7 { 40_000 } else { number * 37 % 300 };
        let body = "a line of text\r\n.dot\r\n".repeat(lines / 2);
        (format!("id{trial}-{number}"), format!("Subject: {trial}-{number}\r\n\r\n{body}").into_bytes())
    };
    (0..MESSAGES).map(message).collect()
}

/// What a message is known by: its digest from its first own line on, lines ended as on the wire.
fn identity(octets: &[u8]) -> Vec<u8> {
    let start = octets.windows(9).position(|nine| nine == b"Subject: ").unwrap_or_default();
    digest(&SHA256, &crate::support::canonical(&octets[start..])).as_ref().to_vec()
}

/// One run: how it ended, and what it named as doubtful.
fn run(house: &House, end: End) -> (std::process::ExitStatus, Vec<String>) {
    let mut command = child_of(house);
    with_fault(&mut command);
    if let End::Operations(operations) = end {
        command.env("WATCHPOST_PLANTED_KILL", operations.to_string());
    }
    let (status, told) = wait_or_kill(command, end);
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
    let named = told["in_doubt"].as_array().cloned().unwrap_or_default();
    (status, named.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

/// Compares what has arrived with what was sent.
pub fn judge(found: &[Vec<u8>], mail: &[(String, Vec<u8>)], doubtful: &BTreeSet<String>, figures: &mut Figures) {
    let mut count: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for message in found {
        *count.entry(identity(message)).or_default() += 1;
    }
    for (id, octets) in mail {
        match count.remove(&identity(octets)) {
            None => figures.lost += 1,
            Some(times) if doubtful.contains(id) => figures.twice_and_named += times - 1,
            Some(times) => figures.twice += times - 1,
        }
    }
    figures.twice += count.values().sum::<usize>();
    figures.messages += mail.len();
}

/// Kills so many runs, and lets as many end by themselves as it takes.
pub fn kill_runs(receiver: &dyn Receiving, kills: usize, seed: u64) -> Figures {
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    let server = Server::start(&[]);
    let (mut operations, mut time, mut trial) = (60_u64, Duration::from_millis(100), 0);
    while figures.kills < kills && figures.lost + figures.twice == 0 {
        trial += 1;
        let mail = mail(trial);
        server.state.lock().unwrap().mail.clone_from(&mail);
        let folder = scratch();
        // No shell is started for the password: there are thousands of runs.
        let keys = format!("{}\nleave = \"never\"\npassword = \"variable:PATH\"", receiver.keys(folder.path()));
        let house = House::within(folder, server.port, &keys);
        let mut doubtful = BTreeSet::new();
        let in_a_row = 1 + usize::try_from(random.below(KILLS_IN_A_ROW)).unwrap();
        let mut killed = 0;
        // The first trial shows how long a run is.
        while trial > 1 && killed < in_a_row {
            let end = if random.below(2) == 0 {
                End::Time(time.mul_f64(f64::from(u32::try_from(random.below(1000)).unwrap()) / 1000.0))
            } else {
                End::Operations(1 + usize::try_from(random.below(operations)).unwrap())
            };
            let (status, named) = run(&house, end);
            doubtful.extend(named);
            if status.signal() == Some(9) {
                killed += 1;
                figures.kills += 1;
            } else if status.success() {
                break;
            }
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let start = Instant::now();
            let (status, named) = run(&house, End::ByItself);
            doubtful.extend(named);
            if status.success() {
                time = if trial == 1 { start.elapsed() } else { time };
                break;
            }
            assert!(status.code() == Some(TEMPORARY_FAILURE) && Instant::now() < end, "trial {trial}: {status}");
        }
        if trial == 1 {
            let journal = fs::read_to_string(house.path("xdg/watchpost/fetch/a.journal")).unwrap();
            // Each line, and its sync.
            operations = 2 * journal.lines().count() as u64;
        }
        judge(&receiver.taken(house.folder.path()), &mail, &doubtful, &mut figures);
        figures.in_doubt += doubtful.len();
        if trial.is_multiple_of(50) {
            eprintln!("seed {seed}, so far: {figures:?}");
        }
        assert!(server.ids().is_empty() || figures.lost > 0, "trial {trial}: mail is left");
        assert!(doubtful.len() <= killed, "trial {trial}: {} in doubt after {killed} kills", doubtful.len());
    }
    figures
}

/// Kills runs; nothing may be lost, and nothing be there twice that was not named.
pub fn no_kill_loses_and_copies_are_named(name: &str, receiver: &dyn Receiving, kills: usize, seed: u64) {
    let start = Instant::now();
    let figures = kill_runs(receiver, kills, seed);
    eprintln!("{name} seed {seed}: {figures:?}, {} s", start.elapsed().as_secs());
    assert!(figures.lost == 0 && figures.twice == 0, "{name} seed {seed}: {figures:?}");
    assert!(figures.twice_and_named <= figures.in_doubt, "{name} seed {seed}: {figures:?}");
}

/// A command that puts each message into a file of its own, and gives it its name when it is whole.
pub struct Piped;

impl Receiving for Piped {
    fn keys(&self, house: &Path) -> String {
        let place = house.display();
        fs::create_dir(house.join("taken")).unwrap();
        format!("to = \"pipe:f=$(mktemp {place}/part.XXXXXXXX) && cat > $f && mv $f {place}/taken/\"")
    }

    fn taken(&self, house: &Path) -> Vec<Vec<u8>> {
        // A command outlives the program that has started it.
        let end = Instant::now() + PATIENCE;
        let names = || fs::read_dir(house).unwrap().map(|entry| entry.unwrap().file_name());
        while names().any(|name| name.as_encoded_bytes().starts_with(b"part.")) {
            assert!(Instant::now() < end, "a command does not end");
            std::thread::yield_now();
        }
        fs::read_dir(house.join("taken")).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
    }
}

/// A mail server of a few lines: LMTP or SMTP, whole messages alone.
pub struct Taker {
    protocol: &'static str,
    port: u16,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Taker {
    pub fn start(protocol: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, stopping) = (Arc::<Mutex<Vec<Vec<u8>>>>::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stop) = (Arc::clone(&taken), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // A client that was killed says nothing more, and the next one is served.
                let _ = take(stream.unwrap(), &shared);
            }
        });
        Self { protocol, port, taken, stopping, thread: Some(thread) }
    }
}

fn take(stream: TcpStream, taken: &Mutex<Vec<Vec<u8>>>) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    writer.write_all(b"220 here\r\n")?;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line == b"DATA\r\n" {
            writer.write_all(b"354 go on\r\n")?;
            let mut message = Vec::new();
            loop {
                line.clear();
                if reader.read_until(b'\n', &mut line)? == 0 {
                    return Ok(());
                }
                match line.as_slice() {
                    b".\r\n" => break,
                    [b'.', rest @ ..] => message.extend_from_slice(rest),
                    line => message.extend_from_slice(line),
                }
            }
            // Durable here before anybody hears of it, as every mail server does.
            taken.lock().unwrap().push(message);
        }
        writer.write_all(b"250 fine\r\n")?;
        line.clear();
    }
    Ok(())
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, unless it is gone already.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Receiving for Taker {
    fn keys(&self, _: &Path) -> String {
        format!("to = \"{}:127.0.0.1:{}\"\nrecipient = \"alice@example.org\"", self.protocol, self.port)
    }

    fn taken(&self, _: &Path) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
}

/// What the checker must see, by hand: a message that is taken away, one that is there twice, and one that is torn.
#[allow(dead_code, reason = "it is asked once, in the short lane")]
pub fn the_checker_sees_a_loss_and_a_copy() {
    let mail = mail(1);
    let all: Vec<Vec<u8>> = mail.iter().map(|(_, octets)| [b"Received: x\r\n", octets.as_slice()].concat()).collect();
    let judged = |found: &[Vec<u8>], doubtful: &[&str]| {
        let mut figures = Figures::default();
        judge(found, &mail, &doubtful.iter().map(|id| (*id).to_owned()).collect(), &mut figures);
        (figures.lost, figures.twice_and_named, figures.twice)
    };
    assert_eq!(judged(&all, &[]), (0, 0, 0));
    assert_eq!(judged(&all[1..], &[]), (1, 0, 0), "a loss");
    assert_eq!(judged(&all[1..], &["id1-0"]), (1, 0, 0), "a doubt excuses no loss");
    let copies = [&all[..], &all[3..4]].concat();
    assert_eq!(judged(&copies, &[]), (0, 0, 1), "a copy");
    assert_eq!(judged(&copies, &["id1-4"]), (0, 0, 1), "a doubt about another one");
    assert_eq!(judged(&copies, &["id1-3"]), (0, 1, 0), "a copy that was named");
    let mut torn = all.clone();
    torn[7].truncate(1000);
    assert_eq!(judged(&torn, &[]), (1, 0, 1), "half a message");
    // As many as were sent, but not those.
    let mut others = all.clone();
    others.swap_remove(5);
    others.push(all[6].clone());
    assert_eq!(judged(&others, &[]), (1, 0, 1), "counts alone would not show it");
}

/// As `planted_fetch.rs` needs them.
#[allow(dead_code, reason = "planted_fetch.rs calls them")]
pub mod small {
    use super::{Figures, Piped, Taker, kill_runs};

    fn figures() -> [Figures; 2] {
        [kill_runs(&Taker::start("lmtp"), 30, 81), kill_runs(&Piped, 15, 82)]
    }

    pub fn nothing_is_lost() {
        assert!(figures().iter().all(|figures| figures.lost == 0));
    }

    pub fn what_comes_twice_is_named() {
        assert!(figures().iter().all(|figures| figures.twice == 0));
    }
}
