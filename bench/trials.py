"""What is measured of the clients that fetch. In each repetition they take turns, the first one another each time."""

import os
import re
import shutil
import subprocess
import sys

import clients
import corpus
import delay
import servers

HERE = os.path.dirname(os.path.abspath(__file__))


class Trial:
    """A maildrop, a path to it, a kind of disk, and who takes part."""

    def __init__(self, name, label, user, who, reps, delayed=False, disk=False, sampled=False):
        self.name, self.label, self.user, self.who, self.reps = name, label, user, who, reps
        self.delayed, self.disk, self.sampled = delayed, disk, sampled


def trials(quick, messages):
    small = messages or 5000
    others = ["curl", "fetchmail-mda", "fetchmail-bsmtp", "getmail6"]
    return {trial.name: trial for trial in (
        Trial("rtt", f"{small} x 8 KB, 40 ms round trip", f"f{small}", ["watchpost", "mpop", *others],
              2 if quick else 5, delayed=True),
        Trial("durable", f"{messages or 1000} x 8 KB, every message on the disk", f"f{messages or 1000}",
              ["watchpost", "mpop"], 3 if quick else 7, disk=True),
        Trial("loopback", f"{small} x 8 KB", f"f{small}", ["watchpost", "mpop", *others], 3 if quick else 7),
        Trial("large", "20 x 26 MB", corpus.LARGE, ["watchpost", "curl", "mpop"], 3 if quick else 5),
        Trial("memory", "20 x 26 MB, memory watched", corpus.LARGE, ["watchpost", "mpop", "curl"], 1, sampled=True),
        Trial("listed", "200 000 messages listed", None, ["watchpost"], 1, sampled=True),
    )}


NAMES = list(trials(False, None))
# Others than mpop are run so often: they are far away, and slow.
OTHERS_REPS = 2
LISTED = 200_000


class Path:
    """The way to a server: straight, or with a round trip of so many milliseconds."""

    def __init__(self, port, milliseconds):
        self.port, self.child = port, None
        if milliseconds:
            self.child, self.port = speaker(["delay.py", f"127.0.0.1:{port}", str(milliseconds)])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child:
            ended(self.child)


def speaker(command):
    """A program of ours that prints its port and serves."""
    child = subprocess.Popen([sys.executable, os.path.join(HERE, command[0]), *command[1:]], stdout=subprocess.PIPE,
                             text=True)
    return child, int(child.stdout.readline())


def ended(child):
    child.terminate()
    child.wait()
    child.stdout.close()


def probe(milliseconds):
    """What the delaying path carries by itself: (milliseconds of its round trip, MB per second)."""
    paths = []

    def to(port):
        paths.append(Path(port, milliseconds))
        return paths[0].port
    try:
        round_trip, rate = delay.probe(to)
        return round_trip, rate / 1e6
    finally:
        for path in paths:
            path.__exit__()


class Runner:
    """Runs trials and collects what each run took."""

    def __init__(self, place, options, say):
        self.place, self.options, self.say = place, options, say
        self.runs, self.errors, self.left_out = [], [], set()
        self.spread, self.runs_on_disk = None, 0

    def folder(self, trial):
        """Where a run works."""
        if not trial.disk:
            return os.path.join(self.options.memory, f"watchpost-fetch-{os.getpid()}")
        if not self.spread:
            self.spread = os.path.join(self.options.disk, f"watchpost-fetch-{os.getpid()}-disk")
            os.mkdir(self.spread)
            # Folders in here lie apart (chattr(1)): none meets on its part of the disk what others have removed.
            subprocess.run(["chattr", "+T", self.spread], capture_output=True, check=False)
        return os.path.join(self.spread, f"run-{self.runs_on_disk}")

    def remove(self, folder, trial):
        """What is on a disk is removed when everything is measured: for some minutes ext4 gives no new file the place of
        one that has just been removed, but looks at it for each, which can be most of what a run takes."""
        if trial.disk:
            self.runs_on_disk += 1
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self):
        """Removes what is left of all runs."""
        if self.spread:
            shutil.rmtree(self.spread, ignore_errors=True)

    def trial(self, trial):
        if trial.name == "listed":
            return self.listed(trial)
        for name in self.options.servers:
            try:
                with {**servers.ALL}[name](self.place, core=None) as server:
                    for tls in self.options.channels:
                        with Path(server.tls if tls else server.plain,
                                  self.options.rtt if trial.delayed else 0) as path:
                            self.channel(trial, name, tls, path.port)
            except servers.CannotStart as reason:
                self.say(f"{name} is left out: {reason}")
                self.options.servers = [other for other in self.options.servers if other != name]
        return None

    def channel(self, trial, server, tls, port):
        who = [name for name in trial.who if name in self.options.clients and name not in self.left_out]
        reps = self.options.reps or trial.reps
        # Whatever a server writes down at its first sight of a maildrop is written before anything is measured.
        self.run(trial, server, tls, port, who[0], 0)
        for rep in range(1, reps + 1):
            turn = rep % len(who)
            for name in who[turn:] + who[:turn]:
                if rep <= OTHERS_REPS or name in ("watchpost", "mpop") or name == trial.who[1]:
                    self.run(trial, server, tls, port, name, rep)

    def run(self, trial, server, tls, port, name, rep):
        kind = clients.ALL[name]
        most = kind.delayed_max if trial.delayed else kind.messages_max
        count = corpus.FETCHED.get(trial.user, corpus.LARGE_MESSAGES)
        limit = min(count, most or count)
        user = trial.user if trial.user == corpus.LARGE else f"f{limit}"
        folder = self.folder(trial)
        task = clients.Task(self.place, user, port, tls, folder, self.options.watchpost, limit)
        client = kind(task)
        try:
            result = client.measured(trial.sampled)
            if not result.fault and rep == 0 and name == "watchpost" and not client.is_exact():
                result.fault = "what arrived is not what the server has"
        finally:
            self.remove(folder, trial)
        where = f"{trial.name} {server} {'TLS' if tls else 'plain'}"
        if result.fault:
            self.say(f"{where} {name}: {result.fault}")
            if name == "watchpost":
                self.errors.append(f"{where} {name}: {result.fault}")
        if rep == 0:
            return
        scale = count / limit
        self.say(f"{rep:2} {where:24} {name:16} {result.wall:7.2f} s  CPU {result.cpu_ms:7.0f} ms"
                 + (f"  RssAnon {result.anon_kb} KB" if trial.sampled else "")
                 + (f"  ({limit} messages)" if scale > 1 else ""))
        self.runs.append({
            "trial": trial.name, "server": server, "tls": tls, "client": name, "rep": rep, "messages": limit,
            "wall": result.wall, "cpu_ms": result.cpu_ms, "rss_kb": result.rss_kb, "anon_kb": result.anon_kb,
            "scale": scale, "fault": result.fault})

    def listed(self, trial):
        """Bytes that each listed message costs, beside what a maildrop with one message costs."""
        many = self.options.listed
        cases = (("all", many), ("known", many))
        child, port = speaker(["lister.py", "1"])
        few = self.listing(trial, port, "few")
        ended(child)
        child, port = speaker(["lister.py", str(many)])
        try:
            for case, count in cases:
                result = self.listing(trial, port, case)
                each = (result.anon_kb - few.anon_kb) * 1024 / count
                self.say(f"   listed {case:6} {count} messages  RssAnon {result.anon_kb} KB, {each:.0f} octets each "
                         f"(one message: {few.anon_kb} KB)  {result.wall:.1f} s")
                if result.code not in (0,):
                    self.errors.append(f"listed, {case}: exit code {result.code}: {result.said}")
                self.runs.append({"trial": "listed", "server": "lister", "tls": False, "client": "watchpost", "rep": 1,
                                  "messages": count, "wall": result.wall, "cpu_ms": result.cpu_ms, "case": case,
                                  "anon_kb": result.anon_kb, "each": each, "scale": 1, "fault": None})
        finally:
            ended(child)
            shutil.rmtree(self.folder(trial), ignore_errors=True)

    def listing(self, trial, port, case):
        """One run. `known` finds what `all` has left."""
        folder = self.folder(trial)
        task = clients.Task(self.place, "f20", port, False, folder, self.options.watchpost, 1)
        kept = case == "known"
        return (Listing.again(task) if kept else Listing(task)).run(True)


class Listing(clients.Watchpost):
    """Fetches to one file: so many small ones are another measure."""

    seconds_max = 300

    @classmethod
    def again(cls, task):
        client = cls.__new__(cls)
        client.task, client.home = task, os.path.join(task.folder, "home")
        client.mail = os.path.join(task.folder, "mail")
        client.environment = {"HOME": client.home, "LC_ALL": "C"}
        client.config = os.path.join(client.home, "fetch.toml")
        return client

    def prepare(self):
        super().prepare()
        with open(self.config) as file:
            text = re.sub(r"^to = .*$", f'to = "mbox:{self.mail}/all"', file.read(), flags=re.M)
        with open(self.config, "w") as file:
            file.write(text)
