"""Three members of etcd, three nodes, the clients' machine and the cables between them: made, started, and always taken down.

    with World(directory) as world:      # this thread is now on the machine of the clients
        world.start()
        ...

Addresses: clients 10.77.0.1, etcd e1 to e3 from .2 on, nodes n1 to n3 from .5 on.
"""

import json
import sys

from tests.cluster.etcd import Etcd, Member, need_etcd
from tests.cluster.history import Recorder
from tests.cluster.network import Network
from tests.cluster.nodes import NAME, Node, wait_until_ready
from tests.cluster.pulse import Pulse
from tests.support.processes import REPOSITORY, Process

ETCD_NAMES, NODE_NAMES = ("e1", "e2", "e3"), ("n1", "n2", "n3")
FLEET_ENDS_WITHIN = 120


class World:
    """`scheme`: of etcd's client URLs; `ctl_options`: of etcdctl. `disks`: {name of a node: octets} of small disks for databases. `clock_offsets`: {name of a node: seconds}. Other
    `options` are of every Node."""

    def __init__(self, directory, nodes=NODE_NAMES, etcd_options=(), ctl_options=(), scheme="http", disks=None, clock_offsets=None,
                 **options):
        need_etcd()
        self.directory = directory
        self.network = Network(directory, [*ETCD_NAMES, *nodes], disks)
        members = [Member(name, self.network[name].address, self.network[name].wrapper, scheme=scheme) for name in ETCD_NAMES]
        self.etcd = Etcd(directory, members, etcd_options, ctl_options=ctl_options)
        self.nodes = {}
        for name in nodes:
            self.add_node(name, clock_offset=(clock_offsets or {}).get(name, 0), **options)
        self.history = directory / "fleet.history"
        self.faults = directory / "faults.history"
        self.recorder = Recorder(self.faults)
        self.pulse = Pulse(directory, self.recorder.add)
        self.fleet = None

    def add_node(self, name, machine=None, **options):
        """`machine`: another one's, for a node that has the same machine."""
        there = self.network[machine or name]
        node = Node(self.directory, name, there.address, self.etcd.endpoints, there.wrapper, there.disk, **options)
        self.nodes[name] = node
        return node

    def __enter__(self):
        self.network.enter()
        return self

    def __exit__(self, *_):
        for node in self.nodes.values():
            if node.process is not None:
                node.process.kill()
        for member in self.etcd.members.values():
            if member.process is not None:
                member.process.kill()
        if self.fleet is not None:
            self.fleet.kill()
            self.pulse.stop()
        self.recorder.close()
        self.network.close()

    def start(self):
        """The first node makes the cluster, the others join it."""
        self.etcd.start().wait_until_ready()
        first, *others = self.nodes.values()
        first.start("--promote")
        for node in others:
            node.launch()
        for node in others:
            wait_until_ready(node)
        return self

    def forgive(self):
        """Unclean ends of nodes are forgotten: else those that fail several times in an hour stay away for longer and longer,
        and the test would be one of fewer and fewer nodes."""
        for key, text in self.etcd.keys(f"/rollcall/{NAME}/nodes/", check=False).items():
            value = json.loads(text)
            if value.get("unclean_ends"):
                self.etcd.ctl("put", key, json.dumps({**value, "unclean_ends": []}), check=False)

    def start_fleet(self, seconds=86400, instances=200, seed=1, nodes=None):
        places = [f"{name}={node.address}:{node.http_port}:{node.dns_port}" for name, node in (nodes or self.nodes).items()]
        self.fleet = Process("fleet", [sys.executable, "-B", "-m", "tests.cluster.fleet", "--out", self.history, "--seconds",
                                       seconds, "--instances", instances, "--seed", seed, *places],
                             self.directory, cwd=REPOSITORY)
        self.pulse.start()

    def end_fleet(self):
        """Clients fall silent, their leases end, and the last answers are recorded."""
        self.fleet.stop(FLEET_ENDS_WITHIN)
        self.recorder.flush()
        assert "Traceback" not in self.fleet.stderr(), self.fleet.stderr()[-3000:]
