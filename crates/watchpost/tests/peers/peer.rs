//! A server that is not ours, started from a folder that is gone afterwards.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// The only account.
pub const NAME: &str = "mrose";
const PASSWORD: &str = "wonder of wonders";
/// Whose Maildir it is; nobody else's, and no name is needed.
const UID: u32 = 8110;
/// A server that takes longer to begin never will.
const BEGIN: Duration = Duration::from_secs(30);
/// Packages that cannot be installed beside each other are unpacked here by `./check peers`.
pub const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers");

/// How messages reach its maildrop.
pub enum Delivery {
    /// It serves the folder `Maildir`.
    Maildir,
    /// By this command.
    Command(&'static str),
}

/// What differs between servers. `@DIR@`, `@POP3@`, `@POP3S@`, `@NAME@`, `@UID@` and `@UNPACKED@` are filled in.
pub struct Peer {
    /// The name of its results.
    pub name: &'static str,
    /// What must be there, and the Debian package that brings it.
    pub needs: &'static [(&'static str, &'static str)],
    /// Its configuration: names and texts of files.
    pub files: &'static [(&'static str, &'static str)],
    /// The shell's way to start it; it ends only when it is killed.
    pub script: &'static str,
    /// How messages reach its maildrop.
    pub delivery: Delivery,
}

/// A peer that runs. Killed when dropped, with everything it has started.
pub struct Running {
    pub pop3: u16,
    pub pop3s: u16,
    dir: tempfile::TempDir,
    child: Child,
}

impl Running {
    /// Starts it and waits until both its ports are open.
    pub fn start(peer: &Peer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [pop3, pop3s] = ports.map(|listener| listener.local_addr().unwrap().port());
        for (path, package) in peer.needs {
            let path = path.replace("@UNPACKED@", UNPACKED);
            assert!(Path::new(&path).exists(), "{path} is missing: it is of the package {package} (`./check peers`)");
        }
        let filler = Filler { dir: dir.path(), pop3, pop3s };
        furnish(peer, &filler);
        let child = spawn(&filler.fill_in(&format!("set -eu\ncd @DIR@\n{}\n", peer.script)), dir.path());
        let mut running = Self { pop3, pop3s, dir, child };
        running.wait_for(peer.name);
        running
    }

    pub fn folder(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub fn fill_in(&self, text: &str) -> String {
        Filler { dir: self.dir.path(), pop3: self.pop3, pop3s: self.pop3s }.fill_in(text)
    }

    fn wait_for(&mut self, name: &str) {
        let end = Instant::now() + BEGIN;
        while !(is_greeting(self.pop3) && TcpStream::connect(("127.0.0.1", self.pop3s)).is_ok()) {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > end {
                let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
                panic!("{name} did not begin ({ended:?}):\n{log}");
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The first process of the namespace is killed with it, and with that one every other.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_greeting(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))) else { return false };
    let mut greeting = [0; 3];
    stream.set_read_timeout(Some(BEGIN)).unwrap();
    stream.read_exact(&mut greeting).is_ok() && greeting == *b"+OK"
}

struct Filler<'a> {
    dir: &'a Path,
    pop3: u16,
    pop3s: u16,
}

impl Filler<'_> {
    fn fill_in(&self, text: &str) -> String {
        text.replace("@DIR@", &self.dir.display().to_string())
            .replace("@POP3@", &self.pop3.to_string())
            .replace("@POP3S@", &self.pop3s.to_string())
            .replace("@NAME@", NAME)
            .replace("@UID@", &UID.to_string())
            .replace("@UNPACKED@", UNPACKED)
    }
}

/// A Maildir, a certificate with its key, the password, and the configuration.
fn furnish(peer: &Peer, filler: &Filler<'_>) {
    assert!(rustix::process::geteuid().is_root(), "needs root: {} changes to uids of its own", peer.name);
    let dir = filler.dir;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    for folder in ["Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"] {
        fs::create_dir(dir.join(folder)).unwrap();
        chown(dir.join(folder), Some(UID), Some(UID)).unwrap();
    }
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = watchpost::certificate::self_signed(&names, SystemTime::now()).unwrap();
    fs::write(dir.join("certificate.pem"), &made.certificate).unwrap();
    private(&dir.join("both.pem"), &format!("{}{}", made.key.as_str(), made.certificate));
    private(&dir.join("password"), &format!("{PASSWORD}\n"));
    for (name, text) in peer.files {
        private(&dir.join(name), &filler.fill_in(text));
    }
}

fn private(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

/// Runs a script as the first process of a namespace, where its mounts are seen by nobody else either.
pub fn spawn(script: &str, dir: &Path) -> Child {
    let log = fs::File::create(dir.join("log")).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]);
    // In a chroot whose root is no mount point, unshare cannot make mounts private, and need not where none is shared.
    if !fs::read_to_string("/proc/self/mountinfo").unwrap().contains(" shared:") {
        command.args(["--propagation", "unchanged"]);
    }
    command.args(["bash", "-c", script]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().expect("setpriv and unshare of util-linux")
}
