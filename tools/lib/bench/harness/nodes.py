"""Three members of etcd and nodes of rollcalld beside them, all on loopback and on all cores."""

import contextlib
import json
import os
import resource
import subprocess
import time

from bench.harness import cpu
from bench.harness.run import ROOT
from bench.harness.servers import Missing, program
from tests.support.processes import environment, free_port

NAMES = ("n1", "n2", "n3")
NAME = "bench"
# As docs/cluster.md recommends.
ETCD_OPTIONS = ("--auto-compaction-mode=periodic", "--auto-compaction-retention=5m", "--quota-backend-bytes=8589934592",
                "--logger=zap", "--log-level=error")
SETTINGS = """\
[cluster]
name = "{cluster}"
node = "{node}"
etcd = [{etcd}]
peers = "127.0.0.1:{peers}"
"""
GRACE_SECONDS = 6  # after a node has joined: nobody ends a lease meanwhile, and each gets a whole one then
CALL_SECONDS = 20
GO_SOURCES = "/usr/share/gocode"  # Debian's golang-etcd-server-dev
GO_BUILD_SECONDS = 900


class Etcd:
    def __init__(self, run, count=3):
        self._run, ports = run, [(free_port(), free_port()) for _ in range(count)]
        members = ",".join(f"e{n}=http://127.0.0.1:{peer}" for n, (_, peer) in enumerate(ports))
        self.endpoints = [f"127.0.0.1:{client}" for client, _ in ports]
        self.members, self._commands = [], []
        for n, (client, peer) in enumerate(ports):
            urls = [f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"]
            command = [program("etcd"), "--name", f"e{n}", "--data-dir", "data", "--listen-client-urls", urls[0],
                       "--advertise-client-urls", urls[0], "--listen-peer-urls", urls[1], "--initial-advertise-peer-urls",
                       urls[1], "--initial-cluster", members, *ETCD_OPTIONS]
            self.members.append(run.server(f"e{n}", command, {}, cpu.everywhere()))
            self._commands.append(command)
        self._wait_until_healthy()

    def _wait_until_healthy(self):
        self.members[0].wait_until(lambda: self.ctl("endpoint", "health").returncode == 0, "all members of etcd are healthy")

    def start_again(self):
        """All of them, with their data, after they have been killed."""
        self.members = [self._run.server(member.name, command, {}, cpu.everywhere(), member.directory)
                        for member, command in zip(self.members, self._commands)]
        self._wait_until_healthy()

    def ctl(self, *words):
        command = [program("etcdctl"), "--endpoints", ",".join(self.endpoints), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS, env=environment(ETCDCTL_API="3"))

    def database_bytes(self):
        """Of the largest member."""
        return max(each["Status"]["dbSize"] for each in json.loads(self.ctl("endpoint", "status", "-w", "json").stdout))

    def sessions(self):
        """{key of a node: the revision its session began at}"""
        found = json.loads(self.ctl("get", "--prefix", f"/rollcall/{NAME}/node/", "-w", "json").stdout)
        return {each["key"]: each["create_revision"] for each in found.get("kvs", [])}


class Cluster(contextlib.AbstractContextManager):
    """`etcd`, and `nodes`: {name: Rollcalld}, all of them members. Nothing of it is left after the `with`."""

    def __init__(self, run, names=NAMES):
        self._run = run
        self.etcd = Etcd(run)
        self.nodes, self._peers, self._directories = {}, {}, {}
        for name in names:
            self.start(name, *([] if self.nodes else ["--promote"]))

    def start(self, name, *arguments):
        """A node that was not there goes in with an empty database; one that was goes on with its own."""
        if name not in self._peers:
            self._peers[name], self._directories[name] = free_port(), self._run.new_directory(name)
        etcd = ", ".join(f'"http://{endpoint}"' for endpoint in self.etcd.endpoints)
        settings = SETTINGS.format(cluster=NAME, node=name, etcd=etcd, peers=self._peers[name])
        node = self._run.rollcalld(*arguments, settings=settings, core=cpu.everywhere(), directory=self._directories[name])
        node.name = name
        node.wait_until(lambda: is_ready(node), "is a member")
        self.nodes[name], self._joined = node, time.monotonic()
        return node

    def wait_for_calm(self):
        """Until the last that has joined delays nobody's end any more."""
        time.sleep(max(0, self._joined + GRACE_SECONDS - time.monotonic()))

    def remove(self, name):
        """It leaves, and its database is forgotten."""
        self.nodes.pop(name).stop()
        del self._peers[name], self._directories[name]

    def __exit__(self, *_):
        for server in (*self.nodes.values(), *self.etcd.members):
            server.kill()


def is_ready(node):
    try:
        return node.call("GET", "/readyz")[0] == 200
    except OSError:
        return False


class Used(contextlib.AbstractContextManager):
    """CPU seconds of groups of servers: `with Used(etcd=…, nodes=…) as used:` then used.etcd, used.nodes and used.elapsed."""

    def __init__(self, **groups):
        self._meters = {name: [cpu.Meter(server) for server in servers] for name, servers in groups.items()}

    def __enter__(self):
        for meter in self._all():
            meter.__enter__()
        return self

    def __exit__(self, *failure):
        for meter in self._all():
            meter.__exit__(*failure)
        for name, meters in self._meters.items():
            setattr(self, name, sum(meter.seconds for meter in meters))
        self.elapsed = max(meter.elapsed for meter in self._all())

    def _all(self):
        return [meter for meters in self._meters.values() for meter in meters]


def guarded_puts(run):
    """The path of bench/guarded_puts.go, built from Debian's sources without a network; what is built is kept in build/bench."""
    if not os.path.exists(f"{GO_SOURCES}/src/go.etcd.io/etcd/clientv3"):
        raise Missing("golang-etcd-server-dev is not installed")
    final = run.directory / "guarded_puts"
    cache = ROOT / "build/bench/go"
    cache.mkdir(parents=True, exist_ok=True)
    offline = environment(GOCACHE=str(cache), GOPATH=GO_SOURCES, GO111MODULE="off", GOPROXY="off", GOTOOLCHAIN="local",
                          GOFLAGS="", CGO_ENABLED="0")
    done = subprocess.run([program("go"), "build", "-o", final, ROOT / "bench/guarded_puts.go"], capture_output=True, text=True,
                          timeout=GO_BUILD_SECONDS, env=offline)
    assert done.returncode == 0, done.stderr
    return final


def cpu_of_child(command):
    """(what a program printed, its CPU seconds); nothing else may be waited for meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=GO_BUILD_SECONDS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
