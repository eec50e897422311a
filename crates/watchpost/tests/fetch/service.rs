//! `fetch service`, and what the program tells systemd.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output};
use std::time::Instant;

use crate::house::House;
use crate::server::Server;
use crate::support::{PATIENCE, PROGRAM, Running};
use crate::world::said;

fn service(folder: &std::path::Path, text: &str, arguments: &[&str]) -> Output {
    fs::write(folder.join("watchpost.toml"), text).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "service", "--config"]).arg(folder.join("watchpost.toml")).args(arguments);
    command.env("HOME", folder).env_remove("XDG_STATE_HOME").env("LC_ALL", "C").output().unwrap()
}

fn account(folder: &std::path::Path, password: &str) -> String {
    format!(
        "[[fetch]]\nname = \"a\"\nserver = \"h\"\nuser = \"u\"\npassword = \"{password}\"\nto = \"maildir:{0}/my mail\"\n\n\
         [[fetch]]\nname = \"b\"\nserver = \"h\"\nuser = \"v\"\npassword = \"file:/x\"\nto = \"mbox:{0}/boxes/100%/v\"\n",
        folder.display()
    )
}

#[test]
fn the_unit_may_write_where_mail_goes_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let output = service(folder.path(), &account(folder.path(), "credential:a-password"), &["--user", "alice"]);
    assert!(output.status.success(), "{}", said(&output));
    let unit = String::from_utf8(output.stdout).unwrap();
    let writable: Vec<&str> = unit.lines().filter_map(|line| line.strip_prefix("ReadWritePaths=")).collect();
    let expected = [
        format!("-{place}/.local/state/watchpost/fetch"),
        format!("\"-{place}/boxes/100%%\""),
        format!("\"-{place}/my mail\""),
    ];
    assert_eq!(writable, expected);
    for line in [
        "Type=notify",
        "User=alice",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        &format!("LoadCredential=a-password:{place}/credentials/a-password"),
        &format!("Environment=XDG_STATE_HOME={place}/.local/state"),
        &format!("ExecStart={PROGRAM} fetch --quiet --config {place}/watchpost.toml --every 5m"),
    ] {
        assert!(unit.lines().any(|there| there == line), "{line} in\n{unit}");
    }
    for asks in ["prompt", "secret-service"] {
        let output = service(folder.path(), &account(folder.path(), asks), &[]);
        assert_eq!(output.status.code(), Some(78), "{}", said(&output));
        assert!(said(&output).contains("credential:a"), "{}", said(&output));
    }
    let pause = service(folder.path(), &account(folder.path(), "file:/x"), &["--every", "often"]);
    assert_eq!(pause.status.code(), Some(64), "{}", said(&pause));
}

#[test]
fn systemd_understands_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let text = account(folder.path(), "credential:a");
    for (arguments, units) in [
        (vec![], vec!["watchpost-fetch.service"]),
        (vec!["--timer", "--every", "15m"], vec!["watchpost-fetch.service", "watchpost-fetch.timer"]),
    ] {
        let units_folder = tempfile::tempdir().unwrap();
        let dir = units_folder.path().to_str().unwrap();
        let arguments = [arguments, vec!["--dir", dir, "--user", "root"]].concat();
        let output = service(folder.path(), &text, &arguments);
        assert!(output.status.success(), "{}", said(&output));
        let again = service(folder.path(), &text, &arguments);
        assert_eq!(again.status.code(), Some(73), "nothing is overwritten: {}", said(&again));
        let files: Vec<_> = units.iter().map(|unit| units_folder.path().join(unit)).collect();
        let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&files).output().unwrap();
        let said = said(&verified);
        // Other units of this machine are not ours.
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("watchpost")).collect();
        assert!(ours.is_empty(), "{said}");
    }
}

#[test]
fn systemd_hears_that_we_are_ready_alive_and_what_came() {
    let server = Server::start(&[("one", b"A: 1\r\n\r\n")]);
    let house = House::new(server.port, "");
    let socket = UnixDatagram::bind(house.path("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--every", "1h", "--quiet", "--config"]).arg(house.path("watchpost.toml"));
    command.env("XDG_STATE_HOME", house.path("xdg")).env("LC_ALL", "C");
    command.env("NOTIFY_SOCKET", house.path("notify")).env("WATCHDOG_USEC", "300000");
    let mut running = Running::start(&mut command);
    let mut told = Vec::new();
    let mut heard = |until: &str| {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut datagram = [0; 1024];
            let octets = socket.recv(&mut datagram).unwrap();
            let text = String::from_utf8_lossy(&datagram[..octets]).into_owned();
            let found = text.contains(until);
            told.push(text);
            if found {
                return;
            }
            assert!(Instant::now() < end, "{until}: {told:?}");
        }
    };
    heard("READY=1");
    heard("STATUS=a: 1 new message");
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    running.signal("-TERM");
    heard("STOPPING=1");
    assert!(running.wait().success());
}
