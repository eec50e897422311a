"""The clients that fetch: each with its own state and an empty destination in a folder of this run, set up as its
manual says, and leaving the mail on the server."""

import hashlib
import os
import shutil
import signal
import subprocess
import threading
import time

import corpus
import machine

# `nobody`, or whoever measures: getmail6 and fetchmail want to know who they are.
NOBODY = 65534


class Missing(Exception):
    """Why a client is left out."""


class Task:
    """What is to be fetched, from where, and to where."""

    def __init__(self, place, user, port, tls, folder, binary, limit=None):
        self.place, self.user, self.port, self.tls, self.folder, self.binary = place, user, port, tls, folder, binary
        self.messages = limit or (corpus.LARGE_MESSAGES if user == corpus.LARGE else corpus.FETCHED.get(user))
        self.password = place.password

    def octets(self):
        """Of these messages as they lie in the server's Maildir."""
        folder = os.path.join(corpus.maildir(self.place.mail, self.user), "cur")
        names = sorted(os.listdir(folder))[:self.messages]
        return sum(os.path.getsize(os.path.join(folder, name)) for name in names)


class Result:
    """What a run took: seconds, milliseconds of CPU of all its processes, and memory in KB."""

    def __init__(self, wall, cpu_ms, rss_kb, anon_kb, code, said):
        self.wall, self.cpu_ms, self.rss_kb, self.anon_kb, self.code, self.said = wall, cpu_ms, rss_kb, anon_kb, code, said
        self.fault = None


class Client:
    """One program."""

    name = ""
    package = ""
    # It is not measured with more, and with a path in between: a message takes so long that the rest is arithmetic.
    messages_max = None
    delayed_max = None
    # Exit codes of success.
    codes = (0,)
    seconds_max = 90

    def __init__(self, task):
        self.task = task
        shutil.rmtree(task.folder, ignore_errors=True)
        for part in ("", "home", "mail"):
            os.makedirs(os.path.join(task.folder, part))
        self.home, self.mail = os.path.join(task.folder, "home"), os.path.join(task.folder, "mail")
        self.environment = {"HOME": self.home, "LC_ALL": "C", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        self.prepare()
        if os.geteuid() == 0:
            corpus.give_to(task.folder, NOBODY)

    @classmethod
    def check(cls):
        if cls.package and not shutil.which(cls.command_name()):
            raise Missing(f"{cls.command_name()} is missing: apt-get install --no-install-recommends {cls.package}")

    @classmethod
    def command_name(cls):
        return cls.name.split("-")[0]

    def prepare(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def maildir(self):
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.mail, part))

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def run(self, sampled=False):
        """Runs it to its end. `sampled`: watches its memory, which costs time."""
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        # What an earlier run left to be written must not be waited for in this one.
        os.sync()
        begun = time.monotonic()
        with open(os.path.join(self.task.folder, "said"), "wb") as said:
            child = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                     env=self.environment, cwd=self.home, start_new_session=True, **who)
        late = threading.Timer(self.seconds_max, os.killpg, (child.pid, signal.SIGKILL))
        late.start()
        sampler = machine.Anonymous(child.pid) if sampled else None
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begun
        late.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        with open(os.path.join(self.task.folder, "said"), errors="replace") as said:
            text = said.read()[-600:]
        rss, anonymous = sampler.stop() if sampler else (None, None)
        return Result(wall, (usage.ru_utime + usage.ru_stime) * 1000, rss, anonymous, child.returncode, text)

    def measured(self, sampled=False):
        """A run, and whether everything is there afterwards."""
        result = self.run(sampled)
        count, octets = self.delivered()
        if result.code not in self.codes or count != self.task.messages:
            result.fault = f"exit code {result.code}, {count} of {self.task.messages} messages: {result.said.strip()}"
        elif octets < self.task.octets():
            result.fault = f"{octets} octets of {self.task.octets()} arrived"
        return result

    def delivered(self):
        """How many messages, how many octets."""
        folder = os.path.join(self.mail, "new")
        if not os.path.isdir(folder):
            return 0, 0
        sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)]
        return len(sizes), sum(sizes)


class Watchpost(Client):
    name = "watchpost"

    def prepare(self):
        password = self.write("password", self.task.password + "\n")
        tls = f'tls = "implicit"\ntrust = "file:{self.task.place.certificate}"' if self.task.tls else 'tls = "none"'
        self.config = self.write("fetch.toml", f"""data_dir = "{self.home}"
[[fetch]]
name = "bench"
server = "127.0.0.1:{self.task.port}"
user = "{self.task.user}"
password = "file:{password}"
to = "maildir:{self.mail}"
leave = "forever"
{tls}
""")

    def command(self):
        return [self.task.binary, "fetch", "--config", self.config, "--quiet"]

    def is_exact(self):
        """Whether exactly the server's messages are there, octet for octet."""
        theirs = os.path.join(corpus.maildir(self.task.place.mail, self.task.user), "cur")
        return prints(theirs) == prints(os.path.join(self.mail, "new"))


def prints(folder):
    found = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found.append(hashlib.file_digest(file, "sha256").digest() if hasattr(hashlib, "file_digest") else
                         hashlib.sha256(file.read()).digest())
    return sorted(found)


class Mpop(Client):
    name = package = "mpop"

    def prepare(self):
        self.maildir()
        tls = f"tls on\ntls_starttls off\ntls_trust_file {self.task.place.certificate}" if self.task.tls else "tls off"
        self.config = self.write("rc", f"""account default
host 127.0.0.1
port {self.task.port}
user {self.task.user}
password "{self.task.password}"
auth user
keep on
uidls_file {self.home}/uidls
delivery maildir {self.mail}
{tls}
""")

    def command(self):
        return ["mpop", "--quiet", "--file", self.config]


class Fetchmail(Client):
    """`bsmtp`: one file with all messages. `mda`: a shell and a cat for each, the kindest command there is."""

    package = "fetchmail"
    delayed_max = 100
    seconds_max = 60

    def prepare(self):
        tls = f"ssl sslproto 'tls1.2+' sslcertck sslcertfile '{self.task.place.certificate}'" if self.task.tls else \
            "sslproto ''"
        self.config = self.write("rc", f"""set idfile "{self.home}/ids"
set no bouncemail
set no syslog
poll localhost service {self.task.port} protocol pop3 auth password uidl timeout 50
  user "{self.task.user}" password "{self.task.password}" is "{self.task.user}" here
  keep no rewrite {tls}
  {self.delivery()}
""")
        self.environment["FETCHMAILHOME"] = self.home

    def command(self):
        return ["fetchmail", "--fetchmailrc", self.config, "--silent", "--fetchlimit", str(self.task.messages)]


class FetchmailMda(Fetchmail):
    name = "fetchmail-mda"
    messages_max = 100

    def delivery(self):
        self.maildir()
        return f'mda "cat >$(mktemp {self.mail}/new/XXXXXXXXXX)"'


class FetchmailBsmtp(Fetchmail):
    name = "fetchmail-bsmtp"

    def delivery(self):
        return f'bsmtp "{self.mail}/all"'

    def delivered(self):
        path = os.path.join(self.mail, "all")
        if not os.path.exists(path):
            return 0, 0
        with open(path, "rb") as file:
            text = file.read()
        return text.count(b"\nMAIL FROM:") + text.startswith(b"MAIL FROM:"), len(text)


class Getmail(Client):
    """getmail6 can wait for ever for a child whose end it has missed: then it is ended, and named as such."""

    name, package = "getmail6", "getmail6"
    messages_max = delayed_max = 20
    seconds_max = 30

    @classmethod
    def command_name(cls):
        return "getmail"

    def prepare(self):
        self.maildir()
        kind = "SimplePOP3SSLRetriever" if self.task.tls else "SimplePOP3Retriever"
        trust = f"ca_certs = {self.task.place.certificate}" if self.task.tls else ""
        self.write("rc", f"""[retriever]
type = {kind}
server = 127.0.0.1
port = {self.task.port}
username = {self.task.user}
password = {self.task.password}
timeout = 10
{trust}
[destination]
type = Maildir
path = {self.mail}/
[options]
read_all = false
verbose = 0
message_log_syslog = false
max_messages_per_session = {self.task.messages}
""")

    def command(self):
        return ["getmail", "--getmaildir", self.home, "--rcfile", "rc"]


class Curl(Client):
    name = package = "curl"
    delayed_max = 200

    def prepare(self):
        os.makedirs(os.path.join(self.mail, "new"))
        tls = f'cacert = "{self.task.place.certificate}"\n' if self.task.tls else ""
        scheme = "pop3s" if self.task.tls else "pop3"
        self.config = self.write("rc", f'silent\nshow-error\nuser = "{self.task.user}:{self.task.password}"\n{tls}'
                                       f'url = "{scheme}://127.0.0.1:{self.task.port}/[1-{self.task.messages}]"\n'
                                       f'output = "{self.mail}/new/#1"\n')

    def command(self):
        return ["curl", "--disable", "--config", self.config]


ALL = {kind.name: kind for kind in (Watchpost, Mpop, Curl, FetchmailMda, FetchmailBsmtp, Getmail)}
