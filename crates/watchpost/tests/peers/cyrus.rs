//! Cyrus, which has a spool of its own: messages come by its command.

use crate::peer::{Delivery, Peer};

pub const CYRUS: Peer = Peer {
    name: "cyrus",
    needs: &[
        ("/usr/lib/cyrus/bin/master", "cyrus-common"),
        ("/usr/sbin/saslpasswd2", "sasl2-bin"),
        ("@UNPACKED@/cyrus-pop3d/usr/lib/cyrus/bin/pop3d", "cyrus-pop3d"),
    ],
    files: &[("imapd.conf", CONFIGURATION), ("cyrus.conf", SERVICES)],
    script: "mkdir conf spool
saslpasswd2 -p -c -f @DIR@/sasldb2 -u localhost @NAME@ <password
chown -R cyrus:mail @DIR@
/usr/lib/cyrus/bin/master -p @DIR@/master.pid -C @DIR@/imapd.conf -M @DIR@/cyrus.conf &
wait",
    delivery: Delivery::Command("/usr/lib/cyrus/bin/deliver -C @DIR@/imapd.conf @NAME@"),
};

const CONFIGURATION: &str = "configdirectory: @DIR@/conf
partition-default: @DIR@/spool
defaultpartition: default
proc_path: @DIR@/proc
mboxname_lockpath: @DIR@/lock
servername: localhost
allowplaintext: yes
autocreate_quota: 0
autocreate_post: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: @DIR@/sasldb2
sasl_mech_list: PLAIN LOGIN
popminpoll: 0
tls_server_cert: @DIR@/both.pem
tls_server_key: @DIR@/both.pem
lmtpsocket: @DIR@/lmtp
idlesocket: @DIR@/idle
notifysocket: @DIR@/notify
syslog_prefix: cyrus
";

const SERVICES: &str = r#"START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C @DIR@/imapd.conf -r"
}
SERVICES {
  pop3 cmd="@UNPACKED@/cyrus-pop3d/usr/lib/cyrus/bin/pop3d -C @DIR@/imapd.conf" listen="127.0.0.1:@POP3@" prefork=0
  pop3s cmd="@UNPACKED@/cyrus-pop3d/usr/lib/cyrus/bin/pop3d -C @DIR@/imapd.conf -s" listen="127.0.0.1:@POP3S@" prefork=0
  lmtpunix cmd="/usr/lib/cyrus/bin/lmtpd -C @DIR@/imapd.conf" listen="@DIR@/lmtp" prefork=0
}
EVENTS {
}
"#;
