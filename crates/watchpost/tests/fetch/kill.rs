//! Real SIGKILLs: the program is ended again and again, also while it recovers, and what arrives is counted.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::house::{House, messages_of, messages_of_mbox};
use crate::support::{Demo, PATIENCE, PROGRAM, canonical, with_fault};

/// `EX_TEMPFAIL`: a server that has not noticed yet that its client was killed holds the maildrop.
pub const TEMPORARY_FAILURE: i32 = 75;
/// Killed at most so often before it may finish: a recovery is killed as well, and the recovery of that.
const KILLS_IN_A_ROW: u64 = 3;
/// Messages on the server.
const MESSAGES: usize = 40;
/// Equal parts of the life of a run.
pub const PARTS: usize = 10;

/// Where mail is fetched from: a server, its Maildir, and whose that is.
pub struct Origin {
    pub port: u16,
    pub user: String,
    pub password: String,
    pub maildir: PathBuf,
    pub owner: Option<u32>,
}

impl Origin {
    /// Our own server.
    pub fn ours(demo: &Demo) -> Self {
        let maildir = Path::new(&demo.text("dir")).join("mail/alice@example.org/Maildir");
        assert!(maildir.join("new").is_dir(), "{} is no Maildir", maildir.display());
        Self { port: demo.pop3().port(), user: "alice".into(), password: demo.password(), maildir, owner: None }
    }

    /// Exactly this mail is there, whatever was.
    fn fill(&self, mail: &[Vec<u8>], trial: usize) {
        for folder in ["new", "cur"] {
            for entry in fs::read_dir(self.maildir.join(folder)).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
        for (number, octets) in mail.iter().enumerate() {
            let name = format!("17000{number:05}.M{trial}P{number}.host");
            let temporary = self.maildir.join("tmp").join(&name);
            fs::write(&temporary, octets).unwrap();
            chown(&temporary, self.owner, self.owner).unwrap();
            fs::rename(temporary, self.maildir.join("new").join(name)).unwrap();
        }
    }

    fn is_empty(&self) -> bool {
        ["new", "cur"].iter().all(|folder| fs::read_dir(self.maildir.join(folder)).unwrap().count() == 0)
    }
}

/// Where it goes, and whether it goes from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub to: &'static str,
    pub goes: bool,
}

// Every destination that promises exactly once, with mail that stays and mail that goes.
pub const MAILDIR_KEPT: Way = Way { to: "maildir:{dir}/md", goes: false };
pub const MAILDIR: Way = Way { to: "maildir:{dir}/md", goes: true };
pub const MBOX_KEPT: Way = Way { to: "mbox:{dir}/mb", goes: false };
pub const MBOX: Way = Way { to: "mbox:{dir}/mb", goes: true };

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub kills: usize,
    /// Of these, kills of a run that had the traces of a killed one before it.
    pub in_recovery: usize,
    pub runs: usize,
    pub fetched: usize,
    pub lost: usize,
    pub twice: usize,
    /// Kills by how much of a run's operations on files, or of its time, was done.
    pub parts: [usize; PARTS],
}

/// Chance that can be repeated (xorshift).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    ByItself,
    /// Behind so many operations on files.
    Operations(usize),
    /// So long after its start.
    Time(Duration),
}

/// How long an undisturbed run is.
struct Length {
    operations: usize,
    time: Duration,
}

fn mail() -> Vec<Vec<u8>> {
    let message = |number: usize| {
        let lines = match number {
            // This one outgrows memory on its way.
            17 => 40_000,
            _ => number * 37 % 600,
        };
        let body = ".a line\nFrom me\n".repeat(lines / 2);
        format!("Subject: {number}\n\n{body}").into_bytes()
    };
    (0..MESSAGES).map(message).collect()
}

/// The program, about to fetch.
pub fn child_of(house: &House) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--json", "--config"]).arg(house.path("watchpost.toml"));
    command.env("XDG_STATE_HOME", house.path("xdg")).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// How it ended, and what it had printed.
pub fn wait_or_kill(mut command: Command, end: End) -> (ExitStatus, Vec<u8>) {
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let (ended, output) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
    let patience = if let End::Time(time) = end { time } else { PATIENCE };
    let output = output.recv_timeout(patience).or_else(|_| {
        // It is a child of ours until somebody has heard of its end: nobody else has its number.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        output.recv_timeout(PATIENCE)
    });
    let output = output.expect("what is killed ends");
    assert!(!matches!(end, End::ByItself) || output.status.signal().is_none(), "it does not end");
    waiting.join().unwrap().unwrap();
    (output.status, output.stdout)
}

fn run(house: &House, origin: &Origin, end: End) -> ExitStatus {
    let mut command = child_of(house);
    with_fault(&mut command);
    command.env("FETCH_PASSWORD", &origin.password);
    if let End::Operations(operations) = end {
        command.env("WATCHPOST_PLANTED_KILL", operations.to_string());
    }
    wait_or_kill(command, end).0
}

/// To its end, however often the server says that the maildrop is in use.
fn finish(house: &House, origin: &Origin, figures: &mut Figures) -> bool {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = run(house, origin, End::ByItself);
        figures.runs += 1;
        if status.code() != Some(TEMPORARY_FAILURE) || Instant::now() > end {
            return status.success();
        }
    }
}

/// In memory where there is such a thing: a killed process leaves what the kernel has, wherever that is.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn house(way: Way, origin: &Origin) -> House {
    let folder = scratch();
    let leave = if way.goes { "never" } else { "forever" };
    let more = format!(
        "user = \"{}\"\npassword = \"variable:FETCH_PASSWORD\"\nto = \"{}\"\nleave = \"{leave}\"",
        origin.user, way.to
    );
    House::within(folder, origin.port, &more)
}

pub fn arrived(way: Way, house: &House) -> Vec<Vec<u8>> {
    if way.to.starts_with("mbox") { messages_of_mbox(&house.path("mb")) } else { messages_of(&house.path("md")) }
}

/// How many operations and how much time a run takes that nobody ends: it is killed behind more and more operations
/// until it lives to see its end.
fn length(way: Way, origin: &Origin, mail: &[Vec<u8>]) -> Length {
    let (mut low, mut high) = (0_usize, 1 << 11);
    // A bound that is too high is a part of the life in which nobody is killed.
    while high - low > 1 + high / 16 {
        let middle = low.midpoint(high);
        origin.fill(mail, 1_000_000 + middle);
        let house = house(way, origin);
        while run(&house, origin, End::Operations(middle)).code() == Some(TEMPORARY_FAILURE) {}
        if finish_was_needed(way, &house) { low = middle } else { high = middle }
    }
    origin.fill(mail, 2_000_000);
    let house = house(way, origin);
    let (start, mut figures) = (Instant::now(), Figures::default());
    assert!(finish(&house, origin, &mut figures), "{way:?}: it does not even work undisturbed");
    Length { operations: high, time: start.elapsed() / u32::try_from(figures.runs).unwrap() }
}

/// From one operation to the next to be killed at: the golden section of them, so that a few kills already are spread
/// over the whole life of a run; without a common divisor, so that each has its turn.
fn stride(operations: usize) -> usize {
    let divides = |divisor: usize, stride: usize| stride.is_multiple_of(divisor) && operations.is_multiple_of(divisor);
    let golden = (operations * 618 / 1000).max(1);
    let mut strides = golden..=golden + operations;
    strides.find(|stride| !(2..=*stride).any(|divisor| divides(divisor, *stride))).unwrap()
}

fn finish_was_needed(way: Way, house: &House) -> bool {
    let journal = fs::read_to_string(house.path("xdg/watchpost/fetch/a.journal")).unwrap_or_default();
    let last = if way.goes { " deleted " } else { " done " };
    journal.lines().filter(|line| line.contains(last)).count() < MESSAGES
}

/// Kills so many runs, and lets as many end by themselves as it takes.
pub fn kill_runs(origin: &Origin, way: Way, kills: usize, seed: u64) -> Figures {
    let mail = mail();
    let mut expected: Vec<Vec<u8>> = mail.iter().map(|octets| canonical(octets)).collect();
    expected.sort();
    let length = length(way, origin, &mail);
    let stride = stride(length.operations);
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    let (mut trial, mut turn) = (0, 0);
    origin.fill(&mail, trial);
    // What is shown once need not be shown again.
    while figures.kills < kills && figures.lost + figures.twice == 0 {
        trial += 1;
        if way.goes {
            origin.fill(&mail, trial);
        }
        let house = house(way, origin);
        for kill in 0..=random.below(KILLS_IN_A_ROW) {
            // Operations by turns, each once before any comes again; moments by chance. Both can be repeated.
            let (part, end) = if random.below(3) == 0 {
                let place = u32::try_from(random.below(1000)).unwrap();
                (place as usize * PARTS / 1000, End::Time(length.time.mul_f64(f64::from(place) / 1000.0)))
            } else {
                turn += 1;
                let operation = turn * stride % length.operations;
                (operation * PARTS / length.operations, End::Operations(1 + operation))
            };
            let status = run(&house, origin, end);
            figures.runs += 1;
            if status.signal() == Some(9) {
                figures.parts[part] += 1;
                figures.kills += 1;
                figures.in_recovery += usize::from(kill > 0);
            }
        }
        let well = finish(&house, origin, &mut figures);
        judge(&arrived(way, &house), &expected, &mut figures);
        if trial.is_multiple_of(50) {
            eprintln!("{way:?} seed {seed}, so far: {figures:?}");
        }
        assert!(well || figures.lost + figures.twice > 0, "{way:?} seed {seed} trial {trial}: it does not finish");
        assert!(!way.goes || figures.lost > 0 || origin.is_empty(), "{way:?} seed {seed} trial {trial}: mail is left");
    }
    figures
}

pub fn judge(found: &[Vec<u8>], expected: &[Vec<u8>], figures: &mut Figures) {
    let mut count: BTreeMap<&[u8], usize> = BTreeMap::new();
    for message in found {
        *count.entry(message).or_default() += 1;
    }
    for message in expected {
        match count.remove(message.as_slice()) {
            None => figures.lost += 1,
            Some(times) => figures.twice += times - 1,
        }
    }
    figures.fetched += found.len();
    // What is left is no message that anybody sent.
    figures.twice += count.values().sum::<usize>();
}

/// Kills runs, and nothing may be lost or there twice.
pub fn no_kill_loses_or_repeats(name: &str, origin: &Origin, way: Way, kills: usize, seed: u64) {
    let start = Instant::now();
    let figures = kill_runs(origin, way, kills, seed);
    eprintln!("{name} {way:?} seed {seed}: {figures:?}, {} s", start.elapsed().as_secs());
    assert!(figures.lost == 0 && figures.twice == 0, "{name} {way:?} seed {seed}: {figures:?}");
    let is_spread = kills < 10 * PARTS || figures.parts.iter().all(|kills| *kills > 0);
    assert!(is_spread, "{name} {way:?}: a part was left out: {figures:?}");
    assert!(figures.in_recovery > kills / 5, "{name} {way:?}: too few were killed while they recovered: {figures:?}");
}

/// What the checker must see, by hand: a message that is taken away, and one that is there twice.
#[allow(dead_code, reason = "it is asked once, in the short lane")]
pub fn the_checker_sees_a_loss_and_a_copy(origin: &Origin) {
    for way in [MAILDIR_KEPT, MBOX_KEPT] {
        let mail = mail();
        origin.fill(&mail, 1);
        let house = house(way, origin);
        assert!(finish(&house, origin, &mut Figures::default()));
        let mut expected: Vec<Vec<u8>> = mail.iter().map(|octets| canonical(octets)).collect();
        expected.sort();
        let judged = || {
            let mut figures = Figures::default();
            judge(&arrived(way, &house), &expected, &mut figures);
            (figures.lost, figures.twice)
        };
        assert_eq!(judged(), (0, 0), "{way:?}");
        if way == MBOX_KEPT {
            let all = fs::read(house.path("mb")).unwrap();
            let starts: Vec<usize> =
                (0..all.len()).filter(|place| all[*place..].starts_with(b"From MAILER-DAEMON ")).collect();
            let (second, third) = (starts[1], starts[2]);
            fs::write(house.path("mb"), [&all[..second], &all[third..]].concat()).unwrap();
            assert_eq!(judged(), (1, 0), "{way:?}: a loss");
            fs::write(house.path("mb"), [&all[..], &all[second..third]].concat()).unwrap();
            assert_eq!(judged(), (0, 1), "{way:?}: a copy");
            // A message that was torn is lost, and its rest is nobody's.
            fs::write(house.path("mb"), [&all[..third - 3], &all[third - 1..]].concat()).unwrap();
            assert_eq!(judged(), (1, 1), "{way:?}: a torn one");
            continue;
        }
        let new = house.path("md/new");
        let first = fs::read_dir(&new).unwrap().next().unwrap().unwrap().path();
        let copy = new.join("copy");
        fs::copy(&first, &copy).unwrap();
        assert_eq!(judged(), (0, 1), "{way:?}: a copy");
        fs::remove_file(copy).unwrap();
        let octets = fs::read(&first).unwrap();
        fs::remove_file(&first).unwrap();
        assert_eq!(judged(), (1, 0), "{way:?}: a loss");
        fs::write(&first, &octets[..octets.len() / 2]).unwrap();
        assert_eq!(judged(), (1, 1), "{way:?}: a torn one");
    }
}

/// As `planted_fetch.rs` needs them.
#[allow(dead_code, reason = "planted_fetch.rs calls them")]
pub mod small {
    use super::{MAILDIR, MAILDIR_KEPT, MBOX, MBOX_KEPT, Origin, Way, kill_runs};
    use crate::support::{Demo, planted_fault};

    /// The faults are in the program that is killed; the server and this process have none.
    fn figures(way: Way) -> super::Figures {
        // An mbox takes many messages with few operations: what goes wrong does so at one or two of them.
        let kills = if way.to.starts_with("mbox") { 60 } else { 30 };
        let fault = planted_fault();
        crate::support::plant(None);
        let dir = tempfile::tempdir().unwrap();
        let demo = Demo::start(dir.path(), &[]);
        crate::support::plant(fault.as_deref());
        kill_runs(&Origin::ours(&demo), way, kills, 71)
    }

    pub fn nothing_is_lost() {
        assert_eq!(figures(MAILDIR).lost, 0);
    }

    pub fn nothing_comes_twice() {
        assert_eq!(figures(MBOX_KEPT).twice, 0);
    }

    pub fn nothing_is_lost_in_an_mbox() {
        assert_eq!(figures(MBOX).lost, 0);
    }

    pub fn nothing_comes_twice_to_a_maildir() {
        assert_eq!(figures(MAILDIR_KEPT).twice, 0);
    }
}
