//! Runs a client for a limited time, with its secrets in files of its own.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use crate::support::PATIENCE;

/// Runs a client to its end. One that takes longer than a minute is killed with all it started.
pub fn run(command: &mut Command, input: &[u8], package: &str) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!("{program} is missing: {}", install(package)),
        Err(error) => panic!("{program}: {error}"),
    };
    let group = format!("-{}", child.id());
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A client that has read enough closes its end.
        let _ = stdin.write_all(&input);
    });
    let (sender, receiver) = mpsc::channel();
    let waiter = std::thread::spawn(move || {
        // Nobody listens any more once the time is over.
        let _ = sender.send(child.wait_with_output());
    });
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
        waiter.join().unwrap();
        panic!("{program} did not end");
    };
    writer.join().unwrap();
    waiter.join().unwrap();
    output.unwrap()
}

fn install(package: &str) -> String {
    format!("install the Debian package {package} (`./check deps` does)")
}

/// What a client said on both streams.
pub fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(|octets| String::from_utf8_lossy(octets).into_owned()).concat()
}

/// The words of a client that succeeded, else its complaint.
pub fn succeeded(output: &Output) -> Result<String, String> {
    if output.status.success() { Ok(said(output)) } else { Err(format!("{}: {}", output.status, said(output))) }
}

/// The first line of what a command says of itself.
pub fn version(program: &str, arguments: &[&str], package: &str) -> String {
    let output = run(Command::new(program).args(arguments), b"", package);
    let said = said(&output);
    assert!(output.status.success(), "{program} does not run: {}\n{said}", install(package));
    said.lines().next().unwrap_or_default().to_owned()
}

/// Writes a file that only its owner may read: passwords never stand on a command line.
pub fn private_file(path: &Path, text: &str) {
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// The files `1`, `2`, … of a folder.
pub fn numbered(folder: &Path) -> Vec<Vec<u8>> {
    (1..=fs::read_dir(folder).unwrap().count())
        .map(|number| fs::read(folder.join(number.to_string())).unwrap())
        .collect()
}
