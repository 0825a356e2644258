"""The demonstration of a cluster: three members of etcd, three nodes of rollcalld, three web servers (member.py). A node is
killed, and the DNS does not notice; it comes back; a web server is killed, and is gone from every node.

    demo_cluster.py ROLLCALLD

Everything on loopback with free ports, a directory of its own, and nothing left behind. Status 0 when all went as it should.
"""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from demo import ADDRESSES, LEASE_MS, NAME, WAIT_SECONDS_MAX, Demo, Failure, run, say, wait_until

NODES = ("rollcall-1", "rollcall-2", "rollcall-3")
WATCHED_SECONDS = 3 * LEASE_MS / 1000
# Of the end of a lease: what agreeing takes, and two sessions and a lease more where a node has been lost (docs/cluster.md).
LATE_SECONDS_MAX = 10 + LEASE_MS / 1000 + 3
SETTINGS = """\
[cluster]
name = "demo"
node = "{node}"
etcd = [{etcd}]
peers = "127.0.0.1:{peers}"
key_file = "{key}"
"""


def free_ports(count):
    """Ports of 127.0.0.1 that are free for UDP and TCP at this moment."""
    held, ports = [], []
    while len(ports) < count:
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held += [tcp, udp]
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
            ports.append(tcp.getsockname()[1])
        except OSError:
            pass
    for each in held:
        each.close()
    return ports


class Cluster(Demo):
    def start_etcd(self):
        ports = free_ports(6)
        clients = [f"http://127.0.0.1:{port}" for port in ports[:3]]
        peers = [f"http://127.0.0.1:{port}" for port in ports[3:]]
        members = ",".join(f"etcd-{number + 1}={url}" for number, url in enumerate(peers))
        for number, (client, peer) in enumerate(zip(clients, peers), start=1):
            self.start(f"etcd-{number}", [
                "etcd", "--name", f"etcd-{number}", "--data-dir", self.directory / f"etcd-{number}", "--listen-client-urls",
                client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", members])
        self.endpoints = clients
        wait_until(self.takes_writes, "etcd takes writes")

    def etcdctl(self, *words):
        environment = {**os.environ, "ETCDCTL_API": "3"}
        return subprocess.run(["etcdctl", "--endpoints", ",".join(self.endpoints), *words], capture_output=True, text=True,
                              timeout=20, env=environment)

    def takes_writes(self):
        return self.etcdctl("put", "demo", "1").returncode == 0

    def prepare_nodes(self, rollcalld):
        self.rollcalld = rollcalld
        ports = free_ports(9)
        self.ports = {node: ports[3 * number:3 * number + 3] for number, node in enumerate(NODES)}  # DNS, HTTP, peers
        key = self.directory / "cluster.key"
        key.write_text(os.urandom(32).hex() + "\n")
        key.chmod(0o600)
        etcd = ", ".join(f'"{url}"' for url in self.endpoints)
        for node, (_, _, peers) in self.ports.items():
            (self.directory / f"{node}.toml").write_text(SETTINGS.format(node=node, etcd=etcd, peers=peers, key=key))

    def start_node(self, node, *flags):
        dns, http_port, _ = self.ports[node]
        self.start(node, [self.rollcalld, "--config", f"{node}.toml", "--dns", f"127.0.0.1:{dns}", "--http",
                          f"127.0.0.1:{http_port}", "--db", f"{node}.db", *flags])

    def wait_for(self, node):
        def is_ready():
            if self.processes[node].poll() is not None:
                raise Failure(f"{node} did not start: " + (self.directory / f"{node}.err").read_text().strip())
            return self.get(node, "/readyz")[0] == 200
        wait_until(is_ready, f"{node} is ready")

    def get(self, node, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[node][1], timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def addresses_at(self, node, show=False):
        self.dns_port = self.ports[node][0]
        return self.addresses(show)

    def node_of(self, member):
        """Who answered its last heartbeat."""
        port = int(self.output_of(member).split("\n")[-2].split()[2])
        return next(node for node, ports in self.ports.items() if ports[1] == port)

    def sent_and_answered(self, member):
        sent, answered, _port = self.heartbeats(member)[-1]
        return sent, answered


class Onlooker(threading.Thread):
    """Asks nodes for the addresses, again and again, and counts answers in which somebody is missing."""

    def __init__(self, demo, nodes):
        super().__init__(daemon=True)
        self.ports, self.asked, self.missing, self.ended = [demo.ports[node][0] for node in nodes], 0, [], threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            for port in self.ports:
                done = subprocess.run(["dig", "@127.0.0.1", "-p", str(port), NAME, "A", "+short", "+time=1", "+tries=1"],
                                      capture_output=True, text=True)
                self.asked += 1
                if set(done.stdout.split()) != set(ADDRESSES.values()):
                    self.missing.append(done.stdout.strip())

    def end(self):
        self.ended.set()
        self.join()
        return self.asked, self.missing


def begin(demo, rollcalld):
    say("Three members of etcd start.")
    demo.start_etcd()
    demo.prepare_nodes(rollcalld)
    first, *others = NODES
    say(f"Three nodes start. The first makes the cluster:\n$ rollcalld --config {first}.toml --promote")
    say((demo.directory / f"{first}.toml").read_text().rstrip())
    demo.start_node(first, "--promote")
    demo.wait_for(first)
    for node in others:
        say(f"$ rollcalld --config {node}.toml")
        demo.start_node(node)
    for node in others:
        demo.wait_for(node)
    say(f"\nThree web servers start. Each sends a heartbeat every {LEASE_MS // 3} ms, to a node of its own; its lease is {LEASE_MS} ms.\n")
    for number, (member, address) in enumerate(ADDRESSES.items()):
        ports = [str(demo.ports[node][1]) for node in NODES]
        demo.start(member, [sys.executable, "-B", Path(__file__).parent / "member.py", member, address,
                            ",".join(ports[number:] + ports[:number]), LEASE_MS])
    wait_until(lambda: all(demo.heartbeats(member) for member in ADDRESSES), "three heartbeats answered")
    for node in NODES:
        wait_until(lambda: demo.addresses_at(node) == set(ADDRESSES.values()), f"{node} answers with all three")
        say(f"{node}:")
        demo.addresses_at(node, show=True)
    roll = demo.etcdctl("get", "--prefix", "--keys-only", "/rollcall/demo/roll/").stdout.split()
    say("\nWhat etcd has of them:\n" + "\n".join(roll))


def kill_a_node(demo, node):
    left = [each for each in NODES if each != node]
    member = next(member for member in ADDRESSES if demo.node_of(member) == node)
    onlooker = Onlooker(demo, left)
    onlooker.start()
    demo.processes[node].kill()
    demo.processes[node].wait()
    say(f"\nkill -9 {node}, which {member} has been calling. dig asks the others all the time.")
    time.sleep(WATCHED_SECONDS)
    asked, missing = onlooker.end()
    if missing:
        raise Failure(f"{len(missing)} of {asked} answers were not all three: {missing[0]!r}")
    say(f"{asked} answers in {WATCHED_SECONDS:g} s, three leases: each of them had all three web servers.")
    say(f"{member} now calls {demo.node_of(member)}.")
    demo.start_node(node)
    demo.wait_for(node)
    say(f"{node} is started again, and answers:")
    if demo.addresses_at(node, show=True) != set(ADDRESSES.values()):
        raise Failure(f"{node} is back and does not have all three")


def kill_a_member(demo, member):
    before = len(demo.heartbeats(member))
    wait_until(lambda: len(demo.heartbeats(member)) > before, f"the next heartbeat of {member}")
    demo.processes[member].kill()
    demo.processes[member].wait()
    sent, answered = demo.sent_and_answered(member)
    say(f"\nkill -9 {member}. Nobody tells any node; they wait for its lease, each for the heartbeats that the others have heard.")
    gone = {}
    while len(gone) < len(NODES):
        for node in NODES:
            if node not in gone and ADDRESSES[member] not in demo.addresses_at(node):
                gone[node] = time.monotonic()
        if time.monotonic() > answered + LEASE_MS / 1000 + LATE_SECONDS_MAX:
            raise Failure(f"{member} is in the DNS {LATE_SECONDS_MAX:.0f} s after its lease ended")
    if min(gone.values()) < sent + LEASE_MS / 1000:
        raise Failure(f"{member} left the DNS before its lease ended")
    late = max(gone.values()) - answered - LEASE_MS / 1000
    say(f"{member} was gone from all three {late * 1000:.0f} ms after the end of its lease, by the first dig without it.")


def end(demo):
    for member in ("web-1", "web-3"):
        demo.processes[member].terminate()
        demo.processes[member].wait(WAIT_SECONDS_MAX)
    for node in NODES:
        if left := demo.addresses_at(node):
            raise Failure(f"all have signed off, and {node} answers {left}")
    say("\nThe other two sign off; no node has anybody left.")
    for node in NODES:
        demo.processes[node].terminate()
        if demo.processes[node].wait(WAIT_SECONDS_MAX) != 0:
            raise Failure(f"{node} did not stop cleanly")
    say("The nodes stopped cleanly, and etcd is stopped too. That is all.")


def story(demo):
    for program in ("etcd", "etcdctl"):
        if shutil.which(program) is None:
            raise Failure(f"{program} is not installed: tools/install etcd")
    begin(demo, sys.argv[1])
    kill_a_node(demo, NODES[1])
    kill_a_member(demo, "web-2")
    end(demo)


if __name__ == "__main__":
    sys.exit(run(Cluster, story))
