"""What can happen to a cluster, one method each: it begins, it lasts, it is cured, and the nodes are ready again.

Each is recorded from its beginning to the moment at which every node says that it is ready. Randomness comes from `dice`.

What starts processes (kills, restarts, etcd's) belongs to the main thread; cuts and pauses may be made by another thread beside
them, with a Faults of its own.
"""

import contextlib
import signal
import time

from tests.cluster.history import Fault, boot_time
from tests.cluster.nodes import wait_until_ready

READY_SECONDS_MAX = 20


class Faults:
    def __init__(self, world, dice, say=print):
        self.world, self.dice, self.say = world, dice, say
        self.network, self.etcd, self.nodes = world.network, world.etcd, world.nodes

    @contextlib.contextmanager
    def _fault(self, what, nodes=None, restarts=False):
        began = boot_time()
        self.say(f"{began:.3f} {what} {' '.join(nodes or ())}", flush=True)
        yield
        unready = [name for name in self.nodes if not self._is_ready(name)]
        if unready:
            self.say(f"{boot_time():.3f} not ready {READY_SECONDS_MAX} s after it: {' '.join(unready)}", flush=True)
        self.world.recorder.add(Fault(what, tuple(nodes or self.nodes), began, boot_time(), restarts))
        self.world.recorder.flush()

    def _is_ready(self, name):
        try:
            wait_until_ready(self.nodes[name], READY_SECONDS_MAX)
            return True
        except AssertionError:
            is_down = self.nodes[name].is_meant_to_be_down
            assert is_down or self.nodes[name].is_running(), f"{name} has ended: {self.nodes[name].log()[-3000:]}"
            return False

    @contextlib.contextmanager
    def _down(self, name):
        self.nodes[name].is_meant_to_be_down = True
        yield
        self.nodes[name].launch()
        self.nodes[name].is_meant_to_be_down = False

    def random_node(self):
        return self.dice.choice(list(self.nodes))

    def two_nodes(self):
        return self.dice.sample(list(self.nodes), 2)

    # --- nodes ---

    def kill_node(self, name, seconds=1.0):
        with self._fault("kill -9", [name], restarts=True), self._down(name):
            self.nodes[name].kill()
            time.sleep(seconds)

    @contextlib.contextmanager
    def _paused(self, name):
        process = self.nodes[name].process
        process.signal(signal.SIGSTOP)
        yield
        process.signal(signal.SIGCONT)  # it may have been killed meanwhile

    def pause_node(self, name, seconds):
        with self._fault(f"SIGSTOP for {seconds:g} s", [name]):
            with self._paused(name):
                time.sleep(seconds)

    def blip(self, name, times=20):
        """Stopped for 90 ms again and again: what a loaded host does."""
        with self._fault("short pauses", [name]):
            for _ in range(times):
                with self._paused(name):
                    time.sleep(0.09)
                time.sleep(0.01)

    def restart_node(self, name, seconds=0.5):
        with self._fault("clean restart", [name], restarts=True), self._down(name):
            self.nodes[name].go_on()  # somebody else may have stopped it
            code = self.nodes[name].process.stop(timeout=90)
            assert code == 0, f"{name} ended with {code} after SIGTERM"
            time.sleep(seconds)

    def rolling_restart(self):
        for name in self.nodes:
            self.restart_node(name)

    # --- cuts ---

    @contextlib.contextmanager
    def _cut(self, pairs, kind="cut"):
        """Of what the first of each pair sends to the second."""
        for pair in pairs:
            self.network.cut(*pair, kind)
        yield
        for pair in pairs:
            self.network.heal(*pair, kind)

    @staticmethod
    def _both(ones, others):
        return [pair for one in ones for other in others if one != other for pair in ((one, other), (other, one))]

    def cut_nodes(self, one, other, seconds):
        with self._fault(f"cut between nodes for {seconds:g} s", [one, other]), self._cut(self._both([one], [other])):
            time.sleep(seconds)

    def cut_one_way(self, sender, receiver, seconds):
        with self._fault(f"one-way cut for {seconds:g} s", [sender, receiver]), self._cut([(sender, receiver)]):
            time.sleep(seconds)

    def cut_from_etcd(self, name, seconds):
        with self._fault(f"cut from etcd for {seconds:g} s", [name]), self._cut(self._both([name], self.etcd.members)):
            time.sleep(seconds)

    def cut_from_leader(self, name, seconds):
        leader = self.etcd.leader()
        if leader is None:
            return
        with self._fault(f"cut from etcd's leader for {seconds:g} s", [name]), self._cut(self._both([name], [leader])):
            time.sleep(seconds)

    def isolate(self, name, seconds):
        everyone = [*self.etcd.members, *self.nodes, "clients"]
        with self._fault(f"cut from everybody for {seconds:g} s", [name]), self._cut(self._both([name], everyone)):
            time.sleep(seconds)

    def lose_packets(self, name, seconds):
        everyone = [*self.etcd.members, *self.nodes]
        pairs = self._both([name], everyone)
        with self._fault(f"a third of the packets lost for {seconds:g} s", [name]), self._cut(pairs, "lossy"):
            time.sleep(seconds)

    def cut_etcd_member(self, member, seconds):
        """Its clients reach it, the other members do not."""
        with self._fault(f"etcd {member} cut from etcd for {seconds:g} s"), self._cut(self._both([member], self.etcd.members)):
            time.sleep(seconds)

    # --- etcd ---

    def kill_leader(self, seconds=3.0):
        leader = self.etcd.leader() or self.dice.choice(list(self.etcd.members))
        with self._fault("etcd's leader killed"):
            self.etcd.kill(leader)
            time.sleep(seconds)
            self.etcd.start(leader)

    def pause_leader(self, seconds):
        leader = self.etcd.leader() or self.dice.choice(list(self.etcd.members))
        with self._fault(f"etcd's leader stopped for {seconds:g} s"):
            self.etcd.signal(leader, signal.SIGSTOP)
            time.sleep(seconds)
            self.etcd.signal(leader, signal.SIGCONT)

    def defragment_leader(self):
        leader = self.etcd.leader()
        if leader is not None:
            with self._fault("etcd's leader defragmented"):
                self.etcd.defragment(leader)

    def compact(self):
        with self._fault("compaction"):
            self.etcd.compact()

    def compact_behind(self, name, seconds):
        """While a node cannot follow, what it would read next is compacted away."""
        with self._fault(f"compaction while cut from etcd for {seconds:g} s", [name]), self._cut(self._both([name], self.etcd.members)):
            time.sleep(seconds)
            self.etcd.compact()

    def revoke_leases(self):
        with self._fault("all leases revoked"):
            self.etcd.revoke_leases()

    def lose_quorum(self, seconds):
        with self._fault(f"no quorum for {seconds:g} s"):
            down = self.dice.sample(list(self.etcd.members), 2)
            for member in down:
                self.etcd.kill(member)
            time.sleep(seconds)
            self.etcd.start(*down)
            self.etcd.wait_until_ready()

    def run_out_of_space(self, seconds):
        """Needs a small --quota-backend-bytes."""
        with self._fault(f"etcd out of space for {seconds:g} s"):
            self.etcd.fill()
            time.sleep(seconds)
            self.etcd.cure_space()
            self.etcd.wait_until_ready()

    # --- disks and clocks ---

    def fill_disk(self, name, seconds):
        """Needs a small disk of that node."""
        filler = self.network[name].disk_from_outside / "filler"
        with self._fault(f"disk full for {seconds:g} s", [name]):
            with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            time.sleep(seconds)
            filler.unlink()

    def step_wall_clock(self, name, seconds):
        """Needs Node.fake_wall_clock before its start."""
        with self._fault(f"wall clock of one node stepped by {seconds:+d} s", [name]):
            self.nodes[name].step_wall_clock(seconds)
            time.sleep(5)
            self.nodes[name].step_wall_clock(0)
            time.sleep(2)
