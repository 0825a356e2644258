"""The harness itself: namespaces and cuts, etcd and its faults, and a whole run against something that cannot be wrong about
who is there: one server under the addresses of three nodes."""

import random
import signal
import socket
import sys
import time

from tests.cluster.checker import check
from tests.cluster.etcd import Etcd, Member, need_etcd
from tests.cluster.figures import Figures, report
from tests.cluster.history import load
from tests.cluster.network import Network
from tests.support.case import Case
from tests.support.processes import REPOSITORY, Process
from tests.support.rollcall import Server

SETTINGS = "[http]\nopen = true\nmax_connections_per_client = 0\n[dns.rrl]\nrate = 0\n"


class NetworkCase(Case):
    def network(self, *names, **options):
        network = Network(self.directory, names, **options)
        self.addCleanup(network.close)
        network.enter()
        return network


class NetworkTest(NetworkCase):
    ECHO = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 7))\n" \
           "while True: s.sendto(*s.recvfrom(100))\n"

    def test_a_cut_has_a_direction_and_ends_when_all_who_made_it_have_healed_it(self):
        network = self.network("a", "b")
        for name in ("a", "b"):
            Process(f"echo-{name}", [*network[name].wrapper, sys.executable, "-c", self.ECHO], self.directory)
        echoes = lambda name: self.echoes(network[name].address)
        self.eventually(lambda: echoes("a") and echoes("b"), "both are reached")
        network.cut("clients", "a")
        network.cut("clients", "a")
        self.assertEqual((False, True), (echoes("a"), echoes("b")))
        network.heal("clients", "a")
        self.assertFalse(echoes("a"))
        network.heal("clients", "a")
        network.cut("b", "clients")
        self.assertEqual((True, False), (echoes("a"), echoes("b")))
        network.heal("b", "clients")
        self.assertTrue(echoes("b"))

    @staticmethod
    def echoes(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.3)
            udp.connect((address, 7))
            try:
                udp.send(b"x")
                return udp.recv(1) == b"x"
            except OSError:
                return False

    def test_a_small_disk_is_full_soon_and_nobody_else_s(self):
        network = self.network("a", disks={"a": 1 << 20})
        with self.assertRaises(OSError):
            (network["a"].disk_from_outside / "much").write_bytes(bytes(2 << 20))
        self.assertEqual([], list((self.directory / "a").iterdir()))

    def test_nothing_of_it_is_left_in_the_network_of_this_machine(self):
        before = socket.if_nameindex()
        network = self.network("a", "b")
        self.assertNotEqual(before, socket.if_nameindex())
        network.close()
        self.assertEqual(before, socket.if_nameindex())


class EtcdTest(NetworkCase):
    def setUp(self):
        need_etcd()

    def etcd(self, *options):
        network = self.network("e1", "e2", "e3")
        members = [Member(name, network[name].address, network[name].wrapper) for name in ("e1", "e2", "e3")]
        return network, Etcd(self.directory, members, options).start().wait_until_ready()

    def test_the_leader_is_killed_stopped_and_cut_off_and_another_one_leads(self):
        network, etcd = self.etcd()
        first = etcd.leader()
        etcd.kill(first)
        self.eventually(lambda: etcd.leader() not in (None, first), "another leader")
        etcd.start(first)
        second = etcd.leader()
        etcd.signal(second, signal.SIGSTOP)
        rest = [member.client_url for name, member in etcd.members.items() if name != second]
        self.eventually(lambda: etcd.ctl("put", "tests/x", "1", endpoints=rest, check=False).returncode == 0, "writes", 20)
        etcd.signal(second, signal.SIGCONT)
        etcd.wait_until_ready()
        third = self.eventually(etcd.leader, "a leader")
        for other in set(etcd.members) - {third}:
            network.cut_both(third, other)
        self.eventually(lambda: etcd.leader() not in (None, third), "another leader", 20)

    def test_leases_are_revoked_out_of_space_is_cured_and_a_snapshot_is_restored(self):
        _, etcd = self.etcd("--quota-backend-bytes=4194304")
        etcd.ctl("lease", "grant", "100")
        self.assertEqual((1, 0), (etcd.revoke_leases(), len(etcd.leases())))
        etcd.fill()
        self.assertNotEqual([], etcd.alarms())
        etcd.cure_space()
        self.assertEqual([], etcd.alarms())
        etcd.ctl("put", "tests/kept", "a")
        etcd.save(self.directory / "snapshot")
        saved = etcd.revision()
        etcd.ctl("put", "tests/kept", "b")
        etcd.compact()
        etcd.stop_all()
        etcd.restore(self.directory / "snapshot")
        etcd.start().wait_until_ready()
        self.assertEqual("a", etcd.keys("tests/kept")["tests/kept"])
        self.assertLess(etcd.revision(), saved + 10)


class WholeRunTest(NetworkCase):
    def test_one_server_under_three_addresses_has_no_fault(self):
        network = self.network("n1")
        addresses = {name: f"10.77.0.{number}" for number, name in enumerate(("n1", "n2", "n3"), start=2)}
        for name in ("n2", "n3"):
            network["n1"].run("ip", "address", "add", f"{addresses[name]}/24", "dev", "eth0")
        listen = [word for address in addresses.values() for word in ("--dns", f"{address}:8600", "--http", f"{address}:8500")]
        server = Server(self.directory, ["--config", self.settings_file(SETTINGS), *listen[4:]], network["n1"].wrapper,
                        addresses["n1"])
        server.dns_port, server.http_port = 8600, 8500
        server.start()
        history = self.directory / "fleet.history"
        fleet = Process("fleet", [sys.executable, "-B", "-m", "tests.cluster.fleet", "--out", history, "--seconds", "60",
                                  "--seed", str(random.randrange(1 << 30)), *(f"{n}={a}" for n, a in addresses.items())],
                        self.directory, cwd=REPOSITORY)
        time.sleep(12)
        fleet.stop(40)
        self.assertNotIn("Traceback", fleet.stderr())
        recorded = load(history)
        violations = check(recorded)
        figures = Figures(recorded, violations)
        print(f"\n{report(recorded, violations)}")
        self.assertEqual([], violations)
        self.assertGreater(figures.acknowledged, 500)
        self.assertGreater(len(figures.late), 10)
        self.assertEqual(0, server.stop())
