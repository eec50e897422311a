//! Accounts and memory of the real programs: they fetch, `fetch import` reads what they left, and the next run brings
//! what came since and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::house::messages_of;
use crate::server::Server;
use crate::support::PROGRAM;

const MAIL: [(&str, &[u8]); 3] = [("one", b"A: 1\r\n\r\nx\r\n"), ("two", b"B: 2\r\n\r\n"), ("t#3~", b"C: 3\r\n\r\n")];

/// Takes over, puts the tables into a configuration, fetches, and gives what came.
fn taken_over(folder: &Path, server: &Server, program: &str, rc: &Path, state: &[&str]) -> Vec<Vec<u8>> {
    let watchpost = |arguments: &[&str]| -> Output {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder).env("HOME", folder).env("XDG_STATE_HOME", folder.join("xdg")).env("LC_ALL", "C");
        command.args(arguments).output().unwrap()
    };
    let imported = watchpost(&[&["fetch", "import", program, rc.to_str().unwrap()], state].concat());
    let said = String::from_utf8_lossy(&imported.stderr).into_owned();
    assert!(imported.status.success() && said.contains("3 messages"), "{said}");
    let tables = String::from_utf8(imported.stdout).unwrap();
    assert!(!tables.contains("secret"), "no password is taken over");
    // Where the password and the mail are is for people to say.
    let lines = tables.lines().filter(|line| !["password", "to ", "recipient"].iter().any(|key| line.starts_with(key)));
    let lines: Vec<&str> = lines.collect();
    let new = folder.join("new-mail");
    let text =
        format!("{}\npassword = \"command:echo secret\"\nto = \"maildir:{}\"\n", lines.join("\n"), new.display());
    let text = text.replace("tls = \"stls\"", "tls = \"none\"");
    fs::write(folder.join("watchpost.toml"), text).unwrap();
    server.state.lock().unwrap().mail.push(("fresh".into(), b"D: 4\r\n\r\n".to_vec()));
    let fetched = watchpost(&["fetch"]);
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    messages_of(&new)
}

fn run(folder: &Path, command: &mut Command) {
    let output = command.env("HOME", folder).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn from_mpop() {
    let (server, folder) = (Server::start(&MAIL), tempfile::tempdir().unwrap());
    let (place, port) = (folder.path().display(), server.port);
    let rc = folder.path().join("mpoprc");
    let text = format!(
        "defaults\nkeep on\ntls off\nauth user\n\naccount work\nhost 127.0.0.1\nport {port}\nuser alice\npassword secret\n\
         delivery mbox {place}/mb\n\naccount default : work\n"
    );
    private(&rc, &text);
    run(folder.path(), Command::new("mpop").arg("-C").arg(&rc).args(["-a", "-q"]));
    assert_eq!(taken_over(folder.path(), &server, "mpop", &rc, &[]), [b"D: 4\r\n\r\n".to_vec()]);
}

#[test]
fn from_fetchmail() {
    let (server, folder) = (Server::start(&MAIL), tempfile::tempdir().unwrap());
    let (place, port) = (folder.path().display(), server.port);
    let rc = folder.path().join("fetchmailrc");
    let text = format!(
        "set idfile \"{place}/ids\"\n# a comment\npoll 127.0.0.1 service {port} protocol pop3 uidl\n\
         user \"alice\" there with password \"secret\" is \"alice\" here keep sslproto '' mda \"cat >> {place}/mb\"\n"
    );
    private(&rc, &text);
    run(folder.path(), Command::new("fetchmail").arg("-f").arg(&rc).arg("--silent"));
    assert_eq!(taken_over(folder.path(), &server, "fetchmail", &rc, &[]), [b"D: 4\r\n\r\n".to_vec()]);
}

#[test]
fn from_getmail() {
    // As getmail6 leaves it: it refuses to run as root, and its released version can hang.
    let (server, folder) = (Server::start(&MAIL), tempfile::tempdir().unwrap());
    let rc = folder.path().join("getmailrc");
    let text = format!(
        "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {}\nusername = alice\npassword = secret\n\n\
         [destination]\ntype = Maildir\npath = {}/md/\n\n[options]\nread_all = false\ndelete = false\n",
        server.port,
        folder.path().display()
    );
    private(&rc, &text);
    let old = folder.path().join(format!("oldmail-127.0.0.1-{}-alice", server.port));
    fs::write(old, "one\x001795740748\ntwo\x001795740748\nt#3~\x001795740748\n").unwrap();
    assert_eq!(taken_over(folder.path(), &server, "getmail", &rc, &[]), [b"D: 4\r\n\r\n".to_vec()]);
}

/// What is printed for a configuration, and what is said beside it.
fn imported(folder: &Path, program: &str, rc: &Path) -> (String, String) {
    let mut command = Command::new(PROGRAM);
    command.env("HOME", folder).env("XDG_STATE_HOME", folder.join("xdg")).env_remove("XDG_CONFIG_HOME");
    command.current_dir(folder).env("LC_ALL", "C").args(["fetch", "import", program]);
    let output = command.arg(rc).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_is_printed_is_a_configuration_that_works_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let rc = folder.path().join("rc");
    for (program, text, lines) in [
        (
            "fetchmail",
            "set daemon 300\nset syslog\ndefaults proto pop3\npoll pop.example.org uidl\n  user 'alice' there with \
             password 'secret' is 'me' here\n  options ssl sslcertck sslcertfile /etc/ca.pem keep\n  mda \"cat\"\n",
            &[
                "server = \"pop.example.org:995\"",
                "tls = \"implicit\"",
                "trust = \"file:/etc/ca.pem\"",
                "# not taken over: set daemon 300: run watchpost fetch --every 300s",
            ][..],
        ),
        (
            "getmail",
            "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = pop.example.org\nusername = alice\n\
             ca_certs = ~/ca.pem\n[destination]\ntype = Maildir\npath = ~/md/\n[options]\nread_all = false\n",
            &["to = \"maildir:{home}/md\"", "trust = \"file:{home}/ca.pem\""][..],
        ),
        (
            "mpop",
            "defaults\ntls on\ntls_starttls off\naccount work\nhost pop.example.org\nuser alice\npasswordeval pass x\n\
             delivery maildir ~/md\naccount default : work\n",
            &["name = \"work\"", "to = \"maildir:{home}/md\"", "password = \"command:pass x\""][..],
        ),
    ] {
        private(&rc, text);
        let (tables, said) = imported(folder.path(), program, &rc);
        for line in lines {
            let line = line.replace("{home}", &place.to_string());
            assert!(tables.lines().any(|there| there == line), "{program}: {line} in\n{tables}");
        }
        assert_eq!(tables.matches("[[fetch]]").count(), 1, "{program}: an account once:\n{tables}");
        assert!(said.contains("watchpost fetch check") && said.contains(".config/watchpost/watchpost.toml"), "{said}");
        let config = watchpost::config::FetchConfig::of_text(&folder.path().join("x.toml"), tables);
        assert!(config.is_ok_and(|config| config.accounts.len() == 1), "{program}");
    }
    let text = "[[fetch]]\nname = \"a\"\nserver = \"h\"\nuser = \"u\"\nto = \"maildir:~/md\"\n".to_owned();
    let refused = watchpost::config::FetchConfig::of_text(&folder.path().join("x.toml"), text).err().unwrap().plain();
    assert!(refused.contains("~ stands for no folder here"), "{refused}");
}
