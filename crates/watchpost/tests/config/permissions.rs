//! What the file system refuses. Root may do everything, so these run as nobody.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use watchpost::config::Config;

use crate::site::{SOUND, Site, with};

/// Runs the body as a user who is nobody: root may do everything, and would see no refusal.
fn as_nobody(test: &str, body: impl FnOnce()) {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return body();
    }
    // By its link in /proc, since the folder it lies in may be closed to nobody.
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", test, "--nocapture"]).current_dir("/").gid(NOBODY).uid(NOBODY);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_we_cannot_use_is_refused_with_uid_and_mode() {
    as_nobody("permissions::a_folder_we_cannot_use_is_refused_with_uid_and_mode", || {
        let site = Site::new();
        let uid = rustix::process::geteuid().as_raw();
        for folder in ["data", "mail", "closed", "closed/inner"] {
            fs::create_dir(site.path(folder)).unwrap();
        }
        site.permit("data", 0o555);
        let who = format!("we (uid {uid}) cannot read, write and search");
        let data = with("\".\"", "\"data\"");
        site.refuses(&data, "2:12", &who, "chmod u+rwx");
        site.refuses(&data, "2:12", &format!("belongs to uid {uid} and has mode 0555"), "chmod u+rwx");

        let path = |path: &str| with("# The rest", &format!("[store]\npath = \"{path}\""));
        for mode in [0o500, 0o600, 0o300] {
            site.permit("mail", mode);
            site.refuses(&path("mail/{user}/Maildir"), "18:8", &format!("has mode 0{mode:o}"), "chmod u+rwx");
        }
        site.permit("mail", 0o500);
        site.refuses(&path("mail/new/deep/{user}"), "18:8", "cannot be made: we (uid", "install -d -m 700 -o");
        site.permit("mail", 0o700);
        assert!(site.config(&path("mail/new/deep/{user}")).is_ok());

        site.permit("closed", 0o000);
        site.refuses(&path("closed/inner/{user}"), "18:8", "cannot reach", "search every folder above");
        site.refuses(&with("\".\"", "\"closed/inner\""), "2:12", "cannot reach", "search every folder above");
        // What belongs to root is not ours to write into.
        site.refuses(&path("/etc/{user}"), "18:8", "`/etc`: it belongs to uid 0", &format!("chown {uid} /etc"));
        site.permit("closed", 0o700);
    });
}

#[test]
fn a_file_we_cannot_read_is_refused_with_uid() {
    as_nobody("permissions::a_file_we_cannot_read_is_refused_with_uid", || {
        let site = Site::new();
        let uid = rustix::process::geteuid().as_raw();
        site.permit("key.pem", 0o000);
        site.refuses(SOUND, "15:7", "Permission denied", &format!("let uid {uid} read it"));
        site.permit("key.pem", 0o600);
        site.permit("cert.pem", 0o000);
        site.refuses(SOUND, "14:15", "Permission denied", "it belongs to uid");
        site.write("watchpost.toml", SOUND, 0o000);
        let closed = Config::load(&site.path("watchpost.toml")).unwrap_err();
        assert!(closed.plain().contains(&format!("we (uid {uid}) cannot read it: Permission denied")), "{closed}");
    });
}
