//! Courier, serving a Maildir. Where its configuration and its socket are is compiled in: it sees others there.

use crate::peer::{Delivery, Peer};

pub const COURIER: Peer = Peer {
    name: "courier",
    needs: &[
        ("/usr/sbin/couriertcpd", "courier-base"),
        ("/usr/sbin/makeuserdb", "courier-authlib-userdb"),
        ("@UNPACKED@/courier-pop/usr/lib/courier/courier/courierpop3login", "courier-pop"),
    ],
    files: &[("etc/authdaemonrc", AUTHENTICATION)],
    script: r#"mount -t tmpfs tmpfs /run
mkdir -p /run/courier/authdaemon
mount --bind etc /etc/courier
hash=$(openssl passwd -6 -stdin <password)
printf '@NAME@\tuid=@UID@|gid=@UID@|home=@DIR@|mail=@DIR@/Maildir|systempw=%s\n' "$hash" >/etc/courier/userdb
chmod 600 /etc/courier/userdb
makeuserdb
chown courier both.pem
set -a
. /etc/courier/authdaemonrc
POP3_STARTTLS=YES COURIERTLS=/usr/bin/couriertls TLS_CERTFILE=@DIR@/both.pem POP3_TLS_REQUIRED=0
POP3AUTH='PLAIN LOGIN' POP3AUTH_TLS='PLAIN LOGIN'
set +a
/usr/lib/courier/courier-authlib/authdaemond &
until test -S /run/courier/authdaemon/socket; do :; done
own=@UNPACKED@/courier-pop/usr/lib/courier/courier
listen='couriertcpd -address=127.0.0.1 -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup'
$listen @POP3@ $own/courierpop3login $own/courierpop3d Maildir &
$listen @POP3S@ $COURIERTLS -server -tcpd $own/courierpop3login $own/courierpop3d Maildir &
wait"#,
    delivery: Delivery::Maildir,
};

const AUTHENTICATION: &str = r#"authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=3
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
"#;
