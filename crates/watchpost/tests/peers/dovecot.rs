//! Dovecot, serving a Maildir.

use crate::peer::{Delivery, Peer};

pub const DOVECOT: Peer = Peer {
    name: "dovecot",
    needs: &[("/usr/sbin/dovecot", "dovecot-core"), ("/usr/lib/dovecot/pop3-login", "dovecot-pop3d")],
    files: &[("dovecot.conf", CONFIGURATION)],
    script: r#"printf '@NAME@:{PLAIN}%s\n' "$(cat password)" >users
chmod 644 users
dovecot -F -c @DIR@/dovecot.conf &
wait"#,
    delivery: Delivery::Maildir,
};

/// Nothing waits after a failed login: most checks of a run come from one address.
const CONFIGURATION: &str = "base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <@DIR@/both.pem
ssl_key = <@DIR@/both.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:@DIR@/Maildir
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u @DIR@/users
}
userdb {
  driver = static
  args = uid=@UID@ gid=@UID@ home=@DIR@
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = @POP3@
  }
  inet_listener pop3s {
    port = @POP3S@
    ssl = yes
  }
}
";
