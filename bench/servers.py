"""The floor, Dovecot and Watchpost: each started from a folder of its own, on free ports of loopback."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import corpus
import machine

UID = 8110
DOMAIN = "bench.test"
BEGIN_SECONDS = 30
SCHEMES = ["PLAIN", "SHA512-CRYPT", "ARGON2ID"]


class CannotStart(Exception):
    """Why a server is left out."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Place:
    """What all servers share: mail, certificate, passwords."""

    def __init__(self, folder, watchpost, floor):
        self.folder = folder
        self.mail = os.path.join(folder, "mail")
        self.watchpost = watchpost
        self.floor = floor
        self.certificate = os.path.join(folder, "cert.pem")
        self.key = os.path.join(folder, "key.pem")
        self.password = "correct horse"
        self.cgroups = machine.cgroup_root()
        os.makedirs(self.mail, exist_ok=True)
        os.chmod(folder, 0o755)
        if not os.path.exists(self.key):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.certificate],
                           check=True, capture_output=True)
        self.hashes = {"PLAIN": self.password, "SHA512-CRYPT": self.crypted(), "ARGON2ID": self.argon2()}
        for name, users in (("users", corpus.USERS), ("one", corpus.USERS[:1]), ("idle", corpus.IDLE),
                            ("held", corpus.HELD),
                            *((big, [big]) for big in corpus.BIG)):
            with open(self.users(name), "w") as file:
                file.writelines(f"{user}:{self.password}\n" for user in users)

    def users(self, name):
        """The file of accounts that the client takes."""
        return os.path.join(self.folder, f"accounts-{name}")

    def crypted(self):
        made = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=self.password + "\n", text=True, check=True,
                              capture_output=True)
        return made.stdout.strip()

    def argon2(self):
        """Watchpost makes it, at its usual cost; Dovecot takes the same string."""
        folder = self.fresh("hash")
        config = os.path.join(folder, "watchpost.toml")
        with open(config, "w") as file:
            file.write(f'domain = "{DOMAIN}"\ndata_dir = "{folder}"\n[[listener]]\nprotocol = "pop3"\n'
                       'address = "127.0.0.1:0"\nplaintext_login = "loopback"\n')
        subprocess.run([self.watchpost, "user", "add", "hash", "--password-stdin", "--config", config],
                       input=self.password + "\n", text=True, check=True, capture_output=True)
        with sqlite3.connect(os.path.join(folder, "accounts.sqlite")) as accounts:
            return accounts.execute("SELECT hash FROM account").fetchone()[0]

    def passwd_file(self, path, scheme, mode):
        with open(path, "w") as file:
            file.writelines(f"{user}:{{{scheme}}}{self.hashes[scheme]}\n" for user in corpus.EVERYBODY)
        os.chmod(path, mode)

    def fresh(self, name):
        folder = os.path.join(self.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        return folder


class Server:
    """A server that runs."""

    name = ""
    environment = {}
    # Seconds until what the last reply has left to do is done.
    settles = 0.05
    # The same between bursts: what is written once in a while may wait for its end.
    turn_settles = 0.05

    def __init__(self, place, scheme="PLAIN", core=0):
        self.place = place
        self.scheme = scheme
        self.plain, self.tls = free_port(), free_port()
        self.folder = place.fresh(self.name)
        self.processes = machine.Processes(self.name, place.cgroups)
        self.log = open(os.path.join(self.folder, "output"), "wb")
        try:
            command = self.command()
            self.processes.start(command, core, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                 env={**os.environ, **self.environment})
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self):
        end = time.monotonic() + BEGIN_SECONDS
        for port in (self.plain, self.tls):
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port), 1) as probe:
                        if port == self.tls or probe.recv(3) == b"+OK":
                            break
                except OSError:
                    pass
                if self.processes.child.poll() is not None or time.monotonic() > end:
                    with open(os.path.join(self.folder, "output"), errors="replace") as output:
                        raise CannotStart(f"{self.name} did not begin:\n{output.read()[-2000:]}")
                time.sleep(0.02)

    def command(self):
        raise NotImplementedError

    def stop(self):
        self.processes.stop()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Floor(Server):
    name = "floor"

    def command(self):
        return [self.place.floor, os.path.join(self.place.mail, "{user}", "Maildir"),
                "--plain", f"127.0.0.1:{self.plain}", "--tls", f"127.0.0.1:{self.tls}",
                "--certificate", self.place.certificate, "--key", self.place.key]


class Watchpost(Server):
    name = "watchpost"
    record = "nothing"

    def command(self):
        config = os.path.join(self.folder, "watchpost.toml")
        with open(config, "w") as file:
            file.write(self.configuration("passwd-file"))
        known = subprocess.run([self.place.watchpost, "check-config", "--config", config], capture_output=True)
        self.directory = "passwd-file"
        if known.returncode != 0:
            # This binary has SQLite alone: one cost of hashes, and what was right lately costs none.
            self.directory = "sqlite"
            # The memory of Argon2 goes back to the system at once: it is no memory of connections.
            self.environment = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20)}
            self.scheme = "ARGON2ID"
            with open(config, "w") as file:
                file.write(self.configuration("sqlite"))
            self.fill_sqlite(config)
        return [self.place.watchpost, "serve", "--config", config]

    def configuration(self, kind):
        users = os.path.join(self.folder, "users")
        if kind == "passwd-file":
            self.place.passwd_file(users, self.scheme, 0o600)
        path = f'path = "{users}"\n' if kind == "passwd-file" else ""
        return f"""domain = "{DOMAIN}"
data_dir = "{self.folder}"
[[listener]]
protocol = "pop3"
address = "127.0.0.1:{self.plain}"
plaintext_login = "loopback"
[[listener]]
protocol = "pop3s"
address = "127.0.0.1:{self.tls}"
[tls]
certificate = "{self.place.certificate}"
key = "{self.place.key}"
[directory]
kind = "{kind}"
{path}[store]
path = "{self.place.mail}/{{local}}/Maildir"
[observatory]
record = "{self.record}"
[limits]
connections = 20000
connections_per_address = 20000
shutdown_grace = "1s"
"""

    def fill_sqlite(self, config):
        subprocess.run([self.place.watchpost, "user", "list", "--config", config], check=True, capture_output=True)
        with sqlite3.connect(os.path.join(self.folder, "accounts.sqlite")) as accounts:
            accounts.executemany("INSERT INTO account (name, hash) VALUES (?, ?)",
                                 ((f"{user}@{DOMAIN}", self.place.hashes["ARGON2ID"]) for user in corpus.EVERYBODY))


class Journalled(Watchpost):
    """The same with every session watched, judged and written down."""

    name = "journalled"
    record = "sessions"
    settles = 2.0
    turn_settles = 0.6


class Captured(Journalled):
    """The same with what is said kept too, in the dearest way: of sessions that log in as well."""

    name = "captured"

    def configuration(self, kind):
        return super().configuration(kind) + '[capture]\nmode = "redacted"\ninclude_authenticated = true\n'


class Dovecot(Server):
    name = "dovecot"

    def command(self):
        if os.geteuid() != 0:
            raise CannotStart("Dovecot changes to users of its own: run as root to compare with it")
        for path, package in (("/usr/sbin/dovecot", "dovecot-core"), ("/usr/lib/dovecot/pop3-login", "dovecot-pop3d")):
            if not os.path.exists(path):
                raise CannotStart(f"{path} is missing: apt-get install --no-install-recommends {package}")
        os.chmod(self.folder, 0o755)
        self.place.passwd_file(os.path.join(self.folder, "users"), self.scheme, 0o644)
        with open(os.path.join(self.folder, "dovecot.conf"), "w") as file:
            file.write(self.configuration())
        return ["/usr/sbin/dovecot", "-F", "-c", os.path.join(self.folder, "dovecot.conf")]

    def configuration(self):
        return f"""base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.place.certificate}
ssl_key = <{self.place.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{self.place.mail}/%u/Maildir
mail_max_userip_connections = 0
default_vsz_limit = 0
default_client_limit = 20000
default_process_limit = 5000
passdb {{
  driver = passwd-file
  args = scheme={self.scheme} username_format=%u {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={UID} gid={UID} home={self.place.mail}/%u
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 40000
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  client_limit = 8000
  inet_listener pop3 {{
    port = {self.plain}
  }}
  inet_listener pop3s {{
    port = {self.tls}
    ssl = yes
  }}
}}
service pop3 {{
  service_count = 256
  process_limit = 5000
}}
"""


ALL = {kind.name: kind for kind in (Floor, Dovecot, Watchpost)}
BESIDE = {kind.name: kind for kind in (Journalled, Captured)}


def load(client, server, mode, users, tls, *options, core=1, timeout=900):
    """Runs `watchpost bench` against a server; its JSON."""
    port = server.tls if tls else server.plain
    command = [client, "bench", mode, f"127.0.0.1:{port}", "--json", "--users", server.place.users(users),
               "--tls", "implicit" if tls else "none", *map(str, options)]
    if tls:
        command += ["--certificate", server.place.certificate]
    done = subprocess.run(command, preexec_fn=pinned(core), capture_output=True, text=True, timeout=timeout)
    if not done.stdout.strip():
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def pinned(core):
    return None if core is None else lambda: os.sched_setaffinity(0, {core})
