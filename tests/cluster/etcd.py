"""Three members of etcd, on machines of a Network or on loopback, and what can happen to them.

`etcdctl` is asked in the network of the calling thread. The members' data are on the disk of the test.
"""

import json
import pathlib
import shutil
import signal
import subprocess
import unittest

from tests.support.processes import Process, environment, find_program, need_program, run, wait_until

CLIENT_PORT, PEER_PORT = 2379, 2380
READY_WITHIN = 90
CTL_TRIES = 4
# What docs/cluster.md recommends, but for the retention: tests do not last that long.
OPTIONS = ["--auto-compaction-mode=periodic", "--auto-compaction-retention=5m", "--heartbeat-interval=100",
           "--election-timeout=1000", "--logger=zap", "--log-level=error"]
FILLING_OCTETS = 256 * 1024


class Member:
    def __init__(self, name, address, wrapper=(), client_port=CLIENT_PORT, peer_port=PEER_PORT, scheme="http"):
        self.name, self.address, self.wrapper = name, address, list(wrapper)
        self.client_url = f"{scheme}://{address}:{client_port}"
        self.peer_url = f"http://{address}:{peer_port}"
        self.process = None

    def is_running(self):
        return self.process is not None and self.process.is_running()


class Etcd:
    """`options`: more of etcd's; `ctl_options`: of etcdctl, where it takes more than the endpoints."""

    def __init__(self, directory, members, options=(), token="rollcall", ctl_options=()):
        need_program("etcd")
        need_program("etcdctl")
        self.directory = pathlib.Path(directory)
        self.members = {member.name: member for member in members}
        self.options = [*OPTIONS, *options]
        self.ctl_options = list(ctl_options)
        self.token = token

    @property
    def endpoints(self):
        return [member.client_url for member in self.members.values()]

    @property
    def _initial_cluster(self):
        return ",".join(f"{member.name}={member.peer_url}" for member in self.members.values())

    def start(self, *names):
        """All members, or these; without waiting."""
        for name in names or self.members:
            member = self.members[name]
            member.process = Process(name, [
                *member.wrapper, need_program("etcd"), "--name", name, "--data-dir", self._data(name),
                "--listen-client-urls", member.client_url, "--advertise-client-urls", member.client_url,
                "--listen-peer-urls", member.peer_url, "--initial-advertise-peer-urls", member.peer_url,
                "--initial-cluster", self._initial_cluster, "--initial-cluster-token", self.token, *self.options],
                self.directory)
        return self

    def _data(self, name):
        return self.directory / f"{name}.etcd"

    def wait_until_ready(self):
        wait_until(self.is_ready, READY_WITHIN, "etcd takes writes", every=0.2)
        return self

    def is_ready(self):
        return self.ctl("put", "tests/ready", "1", check=False).returncode == 0

    def kill(self, name):
        self.members[name].process.kill()

    def signal(self, name, number):
        self.members[name].process.signal(number)

    def stop_all(self):
        for member in self.members.values():
            if member.is_running():
                member.process.signal(signal.SIGCONT)
                member.process.stop(timeout=20)

    # --- etcdctl ---

    def ctl(self, *words, endpoints=None, check=True, timeout=20, seconds=5):
        command = [find_program("etcdctl"), "--endpoints", ",".join(endpoints or self.endpoints),
                   f"--command-timeout={seconds}s", f"--dial-timeout={seconds}s", *self.ctl_options, *words]
        for _ in range(CTL_TRIES if check else 1):
            try:
                done = run(command, timeout=timeout, env=environment(ETCDCTL_API="3"))
            except subprocess.TimeoutExpired:
                done = subprocess.CompletedProcess(command, 124, "", "time-out")
            if done.returncode == 0:
                break
        assert not check or done.returncode == 0, f"etcdctl {words}: {done.stderr[-1000:]}"
        return done

    def json(self, *words, **options):
        return json.loads(self.ctl(*words, "-w", "json", **options).stdout)

    def leader(self):
        """The name of the member that leads, None when nobody can say."""
        for member in self.members.values():
            if not member.is_running():
                continue
            done = self.ctl("endpoint", "status", "-w", "json", endpoints=[member.client_url], check=False, seconds=1)
            if done.returncode != 0 or not done.stdout.strip():
                continue
            status = json.loads(done.stdout)[0]["Status"]
            if not status.get("leader"):
                continue
            return next((name for name, id in self._ids(member).items() if id == status["leader"]), None)
        return None

    def _ids(self, member):
        listed = self.json("member", "list", endpoints=[member.client_url])["members"]
        return {each.get("name"): each["ID"] for each in listed}

    def followers(self):
        leader = self.leader()
        return [name for name in self.members if name != leader]

    def revision(self):
        return self.json("get", "tests/none")["header"]["revision"]

    def keys(self, prefix, check=True):
        """{key: text} below a prefix."""
        lines = self.ctl("get", "--prefix", prefix, check=check).stdout.split("\n")
        return dict(zip(lines[0::2], lines[1::2]))

    def leases(self):
        text = self.ctl("lease", "list").stdout
        return [line.strip() for line in text.splitlines()[1:] if line.strip()]

    def revoke_leases(self):
        """All that there are: what a leader that is defragmented too long does to them. How many there were."""
        leases = self.leases()
        for lease in leases:
            self.ctl("lease", "revoke", lease, check=False)
        return len(leases)

    def defragment(self, name):
        self.ctl("defrag", endpoints=[self.members[name].client_url], check=False, seconds=20, timeout=30)

    def compact(self):
        self.ctl("compact", str(self.revision()), check=False)

    # --- out of space ---

    def fill(self):
        """Writes until etcd refuses for want of space (a small --quota-backend-bytes). How many writes it took."""
        for number in range(1000):
            done = run([find_program("etcdctl"), "--endpoints", ",".join(self.endpoints), "put", f"tests/fill/{number}",
                        "x" * 100_000], env=environment(ETCDCTL_API="3"))
            if "database space exceeded" in done.stderr:
                return number
            assert done.returncode == 0, done.stderr
        raise AssertionError("etcd never ran out of space")

    def alarms(self):
        return self.ctl("alarm", "list").stdout.split("\n")[:-1]

    def cure_space(self):
        """Delete, compact, defragment every member, disarm: the order of etcd's own documents."""
        self.ctl("del", "--prefix", "tests/fill/")
        self.compact()
        for name in self.members:
            self.defragment(name)
        self.ctl("alarm", "disarm")

    # --- backup ---

    def save(self, file):
        member = next(iter(self.members.values()))
        self.ctl("snapshot", "save", str(file), endpoints=[member.client_url])

    def restore(self, file, token="restored"):
        """Every member from the snapshot, as a new cluster; they must have been stopped."""
        self.token = token
        for name, member in self.members.items():
            assert not member.is_running()
            shutil.rmtree(self._data(name))
            self.ctl("snapshot", "restore", str(file), "--name", name, "--initial-cluster", self._initial_cluster,
                     "--initial-cluster-token", token, "--initial-advertise-peer-urls", member.peer_url,
                     "--data-dir", str(self._data(name)))


def need_etcd():
    for program in ("etcd", "etcdctl"):
        if find_program(program) is None:
            raise unittest.SkipTest(f"{program} is not installed: tools/install etcd")
