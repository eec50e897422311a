"""What the machine tells about processes: CPU, memory, system calls, and whether others use it too."""

import os
import re
import signal
import subprocess
import threading
import time


def cgroup_root():
    """A cgroup v2 in which groups can be made, or None."""
    with open("/proc/mounts") as mounts:
        for line in mounts:
            fields = line.split()
            if fields[2] == "cgroup2":
                probe = os.path.join(fields[1], f"watchpost-bench-{os.getpid()}")
                try:
                    os.mkdir(probe)
                    usable = os.path.exists(os.path.join(probe, "cpu.stat"))
                    os.rmdir(probe)
                    return fields[1] if usable else None
                except OSError:
                    return None
    return None


class Processes:
    """A server and everything it has started, also what has ended already."""

    def __init__(self, name, root):
        self.group = root and os.path.join(root, f"watchpost-bench-{os.getpid()}-{name}")
        self.child = None
        if self.group:
            os.mkdir(self.group)

    def start(self, command, core, **options):
        def enter():
            if self.group:
                with open(os.path.join(self.group, "cgroup.procs"), "w") as procs:
                    procs.write("0")
            if core is not None:
                os.sched_setaffinity(0, {core})
        self.child = subprocess.Popen(command, preexec_fn=enter, start_new_session=True, **options)
        return self.child

    def pids(self):
        if self.group:
            with open(os.path.join(self.group, "cgroup.procs")) as procs:
                return [int(line) for line in procs]
        return tree(self.child.pid) if self.child else []

    def cpu_ms(self):
        """Milliseconds of CPU since the start, children that have ended included."""
        if self.group:
            with open(os.path.join(self.group, "cpu.stat")) as stat:
                return int(re.search(r"usage_usec (\d+)", stat.read())[1]) / 1000
        ticks = sum(sum(int(field) for field in stat_of(pid)[11:15]) for pid in self.pids())
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def pss_kb(self):
        """Memory of all its processes; shared pages are shared out among them."""
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as rollup:
                    total += int(re.search(r"^Pss:\s+(\d+)", rollup.read(), re.M)[1])
            except (OSError, TypeError):
                pass  # It has just ended.
        return total

    def stop(self):
        """Asks it to end, then ends what is left of it."""
        if self.child:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        end = time.monotonic() + 10
        while self.group and time.monotonic() < end:
            left = self.pids()
            if not left:
                break
            if time.monotonic() > end - 8:
                for pid in left:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            time.sleep(0.02)
        if self.group:
            os.rmdir(self.group)
        self.group = self.child = None


def stat_of(pid):
    """The fields of /proc/PID/stat behind the name."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return ["0"] * 50


def tree(root):
    """A process and its descendants that live."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            parents.setdefault(int(stat_of(name)[1]), []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


class Trace:
    """Counts the system calls of processes while it is open."""

    def __init__(self, pids, output):
        self.output = output
        attach = [word for pid in pids for word in ("-p", str(pid))]
        self.child = subprocess.Popen(["strace", "-f", "-q", "-c", "-U", "calls,name", "-o", output, *attach],
                                      stderr=subprocess.DEVNULL)
        # It is attached once every process has a tracer.
        end = time.monotonic() + 10
        while time.monotonic() < end and not all(traced(pid) for pid in pids):
            time.sleep(0.02)

    def stop(self):
        """How many calls there were."""
        self.child.send_signal(signal.SIGINT)
        self.child.wait(20)
        with open(self.output) as summary:
            calls = {name: int(count) for count, name in re.findall(r"^\s*(\d+)\s+(\w+)$", summary.read(), re.M)}
        calls.pop("total", None)
        return calls


def traced(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return not re.search(r"^TracerPid:\s+0$", status.read(), re.M)
    except OSError:
        return True


class Anonymous:
    """The most memory that a process was seen with, in KB: all that it had (VmHWM) and what is its own (RssAnon), which
    is looked at every two milliseconds, since the kernel does not keep it."""

    def __init__(self, pid):
        self.path, self.all, self.own, self.ended = f"/proc/{pid}/status", 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.002):
            try:
                with open(self.path) as status:
                    text = status.read()
            except OSError:
                return
            self.all = max([self.all, *(int(found) for found in re.findall(r"^VmHWM:\s+(\d+)", text, re.M))])
            self.own = max([self.own, *(int(found) for found in re.findall(r"^RssAnon:\s+(\d+)", text, re.M))])

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.all, self.own


def file_system(path):
    """The kind of file system that a folder is on."""
    best = ("", "unknown")
    path = os.path.realpath(path)
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, point, kind = line.split()[:3]
            if os.path.commonpath([path, point]) == point and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


class Noise:
    """Whether the machine was quiet: load below 0.5 at the start, less than 5 % stolen since."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.begin = self.ticks()

    @staticmethod
    def ticks():
        with open("/proc/stat") as stat:
            return [int(field) for field in stat.readline().split()[1:9]]

    def steal(self):
        spent = [now - then for now, then in zip(self.ticks(), self.begin)]
        return spent[7] / max(1, sum(spent))

    def is_quiet(self):
        return self.load < 0.5 and self.steal() < 0.05
