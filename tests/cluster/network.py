"""A network of machines that exist only here: one network namespace for each, a bridge between them, cuts by nftables.

    thread of the test: in the namespace of the machine `clients`
    hub: the bridge, to which every machine has one cable (a veth pair)

Nothing of it is in the host's own network. The namespaces have no names: each lives as long as its holder, a process that
dies with the test program, also when that is killed with SIGKILL; the kernel then takes the cables away.

Each machine also has mounts of its own, so that it can have a small disk.
"""

import ctypes
import os
import pathlib
import threading
import unittest

from tests.support.processes import Process, need_program, run, wait_until

CLONE_NEWNET = 0x40000000
HOLD = 'touch "$1" && exec sleep infinity'
MOUNT_AND_HOLD = 'mount -t tmpfs -o size="$2" none "$3" && ' + HOLD
# Packets from the senders in a set are dropped on arrival, so a cut has a direction; those of `lossy` are dropped at random.
RULES = """\
table inet cuts {
  set cut { type ipv4_addr; }
  set lossy { type ipv4_addr; }
  chain arriving {
    type filter hook input priority 0; policy accept;
    ip saddr @cut drop
    ip saddr @lossy numgen random mod 100 < 30 drop
  }
}
"""


def need_network_namespaces():
    """Skips the test, with the reason, where the kernel or our rights do not allow what it takes."""
    for program in ("ip", "nsenter", "unshare", "nft"):
        need_program(program)
    script = "ip link add br0 type bridge && ip link add v0 type veth peer name v1 && nft add table inet cuts"
    attempt = run(["unshare", "--net", "--mount", "sh", "-c", script])
    if attempt.returncode != 0:
        raise unittest.SkipTest(f"no network namespaces with bridge, veth and nftables: {attempt.stderr.strip()}")


class Machine:
    """An address, and what has to stand in front of a command that is to run there."""

    def __init__(self, name, address, holder, disk):
        self.name, self.address, self.disk, self._holder = name, address, disk, holder

    @property
    def wrapper(self):
        there = f"/proc/{self._holder.pid}/ns"
        return [need_program("nsenter"), f"--net={there}/net", f"--mount={there}/mnt", "--"]

    @property
    def disk_from_outside(self):
        """The small disk's directory, as this process can open it."""
        return pathlib.Path(f"/proc/{self._holder.pid}/root{self.disk}")

    def run(self, *words):
        done = run([*self.wrapper, *words])
        assert done.returncode == 0, f"{self.name}: {words}: {done.stderr}"
        return done.stdout


class Network:
    """`names`: the machines besides `clients`. `disks`: {name: octets} of small disks."""

    def __init__(self, directory, names, disks=None):
        need_network_namespaces()
        self.directory = pathlib.Path(directory)
        self._holders = []
        self._outside = None
        self.machines = {}
        self._cuts, self._lock = {}, threading.Lock()
        self._hub = Machine("hub", None, self._hold("hub"), None)
        self._hub.run("ip", "link", "add", "bridge", "type", "bridge")
        self._hub.run("ip", "link", "set", "bridge", "up")
        for number, name in enumerate(["clients", *names], start=1):
            self._add(name, f"10.77.0.{number}", (disks or {}).get(name))

    def _hold(self, name, disk=None, octets=None):
        ready = self.directory / f"{name}.held"
        script = ["sh", "-c", MOUNT_AND_HOLD, "sh", ready, str(octets), disk] if octets else ["sh", "-c", HOLD, "sh", ready]
        holder = Process(f"hold-{name}", ["unshare", "--net", "--mount", *script], self.directory)
        self._holders.append(holder)
        wait_until(lambda: ready.exists() or not holder.is_running(), 10, f"namespaces of {name}")
        assert holder.is_running(), holder.stderr()
        return holder

    def _add(self, name, address, octets):
        disk = self.directory / name
        disk.mkdir(exist_ok=True)
        holder = self._hold(name, disk, octets)
        machine = self.machines[name] = Machine(name, address, holder, disk)
        cable = f"to-{name}"[:15]
        self._hub.run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
        self._hub.run("ip", "link", "set", cable, "master", "bridge")
        self._hub.run("ip", "link", "set", cable, "up")
        machine.run("ip", "link", "set", "lo", "up")
        machine.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        machine.run("ip", "link", "set", "eth0", "up")
        rules = self.directory / "rules.nft"
        rules.write_text(RULES)
        machine.run(need_program("nft"), "-f", rules)

    def __getitem__(self, name):
        return self.machines[name]

    # --- the thread of the test ---

    def enter(self):
        """This thread, and what it starts, is on the machine `clients` until `leave`."""
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/proc/{self.machines['clients']._holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _set_network(there)
        os.close(there)

    def leave(self):
        if self._outside is not None:
            _set_network(self._outside)
            os.close(self._outside)
            self._outside = None

    def close(self):
        self.leave()
        for holder in self._holders:
            holder.kill()

    # --- cuts ---

    def cut(self, sender, receiver, kind="cut"):
        """What `sender` sends does not arrive at `receiver`; the other way is open. Cuts are counted, so they may overlap."""
        key = (sender, receiver, kind)
        with self._lock:
            self._cuts[key] = self._cuts.get(key, 0) + 1
            if self._cuts[key] == 1:
                self._set("add", key)

    def heal(self, sender, receiver, kind="cut"):
        key = (sender, receiver, kind)
        with self._lock:
            self._cuts[key] -= 1
            if self._cuts[key] == 0:
                self._set("delete", key)

    def _set(self, verb, key):
        sender, receiver, kind = key
        element = "{ " + self[sender].address + " }"
        self[receiver].run(need_program("nft"), verb, "element", "inet", "cuts", kind, element)

    def cut_both(self, one, other, kind="cut"):
        self.cut(one, other, kind)
        self.cut(other, one, kind)

    def heal_both(self, one, other, kind="cut"):
        self.heal(one, other, kind)
        self.heal(other, one, kind)


def _set_network(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
