"""What is measured of each server. Every measure starts from a server that has answered before, except where it says
so, and counts the server's CPU around one run of `watchpost bench`."""

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
import time

import corpus
import machine
from servers import SCHEMES, load, pinned

WARM_LOGINS = 1000
# Bursts in which servers take turns that are compared within a few percent: short ones, between which the machine does
# not change, and long enough that caches are warm, as they are under load.
TURNS = 8
# Of these attackers 256 wait for their refusals, as many as may; the others are answered at once, and come again.
FLOOD_ATTACKERS = 480


class Bench:
    """One server kind in one repetition. Figures are collected by name."""

    def __init__(self, kind, place, options):
        self.kind, self.place, self.options = kind, place, options
        self.figures = {}
        self.errors = []
        self.digest = None

    def server(self, scheme="PLAIN"):
        return self.kind(self.place, scheme, None if self.options.no_pin else 0)

    def load(self, server, mode, users, tls, *options):
        core = None if self.options.no_pin else 1
        result = load(self.options.client, server, mode, users, tls, *options, core=core)
        if result["errors"]:
            self.errors.append(f"{server.name}, {mode}, {'TLS' if tls else 'plain'}: {result.get('faults')}")
        return result

    def cpu_of(self, server, mode, users, tls, *options):
        """The result of a run, and the milliseconds of CPU that the server spent on it."""
        before = server.processes.cpu_ms()
        result = self.load(server, mode, users, tls, *options)
        time.sleep(server.settles)  # What is done after the last reply is counted too.
        return result, server.processes.cpu_ms() - before

    def channels(self):
        return [tls for tls in (False, True) if self.options.channels in ("both", "tls" if tls else "plain")]

    def login(self):
        with self.server() as server:
            for tls in self.channels():
                self.load(server, "logins", "users", tls, "--count", WARM_LOGINS)
                count = self.options.logins // (2 if tls else 1)
                result, cpu = self.cpu_of(server, "logins", "users", tls, "--count", count, "--connections", 8)
                name = f"login-{channel(tls)}"
                self.figures[name] = cpu / max(1, result["sessions"])
                self.figures[f"{name}-per-second"] = result["sessions_per_second"]
                self.figures[f"{name}-p99"] = result["latency_ms"]["p99"]

    def drain(self):
        with self.server() as server:
            warm = self.load(server, "drain", "users", False, "--verify")
            self.digest = warm["digest"]
            passes = len(corpus.USERS) * self.options.passes
            for tls in self.channels():
                for in_flight in (1, 32):
                    # Twice beforehand: buffers and pages are where they stay.
                    self.load(server, "drain", "users", tls, "--in-flight", in_flight, "--count", 4)
                    result, cpu = self.cpu_of(server, "drain", "users", tls, "--in-flight", in_flight,
                                              "--count", passes)
                    name = f"drain-{channel(tls)}{'-32' if in_flight > 1 else ''}"
                    self.figures[name] = cpu / max(1, result["octets"]) * 1e6
                    self.figures[f"{name}-us-per-message"] = cpu / max(1, result["messages"]) * 1000
                    self.figures[f"{name}-mb-per-second"] = result["octets_per_second"] / 1e6

    def single(self):
        """One connection, one RETR after the other: does anything wait for a timer?"""
        with self.server() as server:
            for tls in self.channels():
                self.load(server, "drain", "one", tls)
                result = self.load(server, "drain", "one", tls, "--connections", 1, "--count", 2)
                self.figures[f"single-{channel(tls)}"] = result["messages_per_second"]

    def calls(self):
        """System calls of one RETR: a session with 200 of them, less one with none."""
        for tls in self.channels():
            with self.server() as server:
                self.load(server, "drain", "one", tls)
                counts = {}
                for mode in ("big", "drain"):
                    output = os.path.join(server.folder, f"strace-{mode}")
                    trace = machine.Trace(server.processes.pids(), output)
                    self.load(server, mode, "one", tls, "--connections", 1)
                    counts[mode] = trace.stop()
            names = set(counts["big"]) | set(counts["drain"])
            each = {name: (counts["drain"].get(name, 0) - counts["big"].get(name, 0)) / corpus.MESSAGES
                    for name in names}
            self.figures[f"calls-{channel(tls)}"] = sum(each.values())
            self.figures[f"calls-{channel(tls)}-each"] = {name: round(count, 2) for name, count in each.items()
                                                          if abs(count) >= 0.05}

    def idle(self):
        for tls in self.channels():
            for stage, option in (("", []), ("-before", ["--before-login"])):
                with self.server() as server:
                    self.figures[f"idle-{channel(tls)}{stage}"] = self.held(server, tls, option)

    def held(self, server, tls, option):
        """KB per connection: what the second lot costs while the first is there, so that what a server needs once, or
        has left over from its start, counts for nobody."""
        more = 1000 if option else len(corpus.IDLE)
        first = self.hold(server, tls, "held", len(corpus.HELD), option)
        try:
            before = server.processes.pss_kb()
            second = self.hold(server, tls, "idle", more, option)
            try:
                after = server.processes.pss_kb()
            finally:
                ended(second)
        finally:
            ended(first)
        return (after - before) / more

    def hold(self, server, tls, users, connections, option):
        """A client that holds so many sessions, once it does."""
        port = server.tls if tls else server.plain
        command = [self.options.client, "bench", "idle", f"127.0.0.1:{port}", "--json", "--users",
                   self.place.users(users), "--tls", "implicit" if tls else "none", "--connections", str(connections),
                   "--duration", "300", *option, *(["--certificate", self.place.certificate] if tls else [])]
        core = None if self.options.no_pin else 1
        client = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=pinned(core), text=True)
        held = json.loads(client.stdout.readline() or "{}").get("held", 0)
        if held < connections:
            self.errors.append(f"{server.name}, idle, {channel(tls)}: {held} of {connections} sessions held")
        time.sleep(1)  # What a server gives back when a session falls silent is given back.
        return client

    def big(self):
        for user in corpus.BIG:
            corpus.forget_indexes(self.place.mail, user)
        with self.server() as server:
            self.load(server, "logins", "one", False, "--count", 4, "--connections", 1)
            for user in corpus.BIG:
                result, cpu = self.cpu_of(server, "big", user, False)
                self.figures[f"big-cold-{user}"] = cpu
                self.figures[f"big-cold-{user}-seconds"] = result["latency_ms"]["max"] / 1000
            self.load(server, "big", "sized", False)
            runs = 5
            result, cpu = self.cpu_of(server, "big", "sized", False, "--count", runs)
            self.figures["big-warm"] = cpu / runs
            self.figures["big-warm-seconds"] = result["latency_ms"]["p50"] / 1000

    def storm(self):
        if self.kind.name == "floor":
            return
        for scheme in SCHEMES:
            with self.server(scheme) as server:
                if server.scheme != scheme:
                    continue  # It has no such scheme.
                hashes = self.load(server, "logins", "users", False, "--count", 16, "--connections", 1)
                each = hashes["latency_ms"]["p50"]
                self.figures[f"hash-{scheme.lower()}-ms"] = each
                # Argon2id: a third of what one core could do.
                rate = 50 if scheme != "ARGON2ID" else max(1, int(1000 / each / 3))
                before = server.processes.cpu_ms()
                result = self.load(server, "storm", "idle", False, "--rate", rate, "--patience", 1,
                                   "--duration", self.options.seconds)
                cpu = server.processes.cpu_ms() - before
            name = f"storm-{scheme.lower()}"
            self.figures[name] = result["ratio"] or 0.0
            self.figures[f"{name}-p99-calm"] = (result["calm"]["latency_ms"] or {}).get("p99")
            self.figures[f"{name}-p99"] = (result["storm"]["latency_ms"] or {}).get("p99")
            self.figures[f"{name}-refusals-per-second"] = result["storm"]["refusals_per_second"]
            self.figures[f"{name}-rate"] = rate
            self.figures[f"{name}-cpu-ms"] = cpu

    def flood(self):
        """Thousands of wrong passwords a second from loopback: do logins and mail of others wait for them, or for what
        writes them down? {PLAIN}, since with a dear hash nobody's processor verifies so many."""
        if self.kind.name in ("floor", "dovecot"):
            return
        with self.server() as server:
            self.load(server, "drain", "one", False, "--connections", 1, "--count", 2)
            seconds, told = self.options.seconds, {}

            def storm():
                told.update(self.load(server, "storm", "idle", False, "--rate", 50, "--patience", 1, "--attackers",
                                      FLOOD_ATTACKERS, "--duration", seconds))

            begun, attack = time.monotonic(), threading.Thread(target=storm)
            attack.start()
            # Mail is read beside the good logins of both phases: first alone, then beside the attack.
            for phase in ("calm", "storm"):
                time.sleep(max(0, begun + 1 + (seconds if phase == "storm" else 0) - time.monotonic()))
                read = self.load(server, "drain", "one", False, "--connections", 1, "--duration", max(1, seconds - 3))
                for share in ("p50", "p99"):
                    self.figures[f"flood-retr-{share}-{phase}"] = read["message_latency_ms"][share]
            attack.join()
            if not told:
                self.errors.append(f"{server.name}, flood: the storm did not end")
                return
            for phase in ("calm", "storm"):
                for share in ("p50", "p99"):
                    self.figures[f"flood-login-{share}-{phase}"] = told[phase]["latency_ms"][share]
            self.figures["flood"] = told["ratio"] or 0.0
            self.figures["flood-refusals-per-second"] = told["storm"]["refusals_per_second"]
            time.sleep(server.settles)
            self.figures["flood-lost"] = lost(server)


def lost(server):
    """Events that the journal could not take."""
    path = os.path.join(server.folder, "journal.sqlite")
    if not os.path.exists(path):
        return None
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as journal:
        return journal.execute("SELECT coalesce(sum(lost), 0) FROM hour").fetchone()[0]


def ended(client):
    client.terminate()
    client.wait()
    client.stdout.close()


def channel(tls):
    return "tls" if tls else "plain"


def login_in_turns(benches):
    """What a login costs each of them, to be compared within a few percent. They run at the same time and get short
    bursts in turn, so that what the machine does meanwhile befalls all alike; an idle server costs next to nothing,
    and what one has left to do is done before the next one's turn."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(bench.server()) for bench in benches]
        for tls in benches[0].channels():
            count = benches[0].options.logins // TURNS // (2 if tls else 1)
            rest = max(server.turn_settles for server in servers)

            def burst(place, count):
                benches[place].load(servers[place], "logins", "users", tls, "--count", count, "--connections", 8)
                # The same rest for all: whoever is asked again at once finds the caches warm.
                time.sleep(rest)

            for place in range(len(benches)):
                burst(place, WARM_LOGINS)
            before = [server.processes.cpu_ms() for server in servers]
            for turn in range(TURNS):
                order = range(len(benches))
                for place in order if turn % 2 else reversed(order):
                    burst(place, count)
            time.sleep(max(server.settles for server in servers))
            for bench, server, ms in zip(benches, servers, before):
                bench.figures[f"turns-{channel(tls)}"] = (server.processes.cpu_ms() - ms) / (TURNS * count)


NAMES = ["login", "drain", "single", "calls", "idle", "big", "storm", "flood"]
