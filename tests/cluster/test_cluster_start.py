"""How a node starts: with etcd and without, into a cluster that is there, is not, is another one, or has its name already."""

import contextlib
import random
import socket
import sqlite3
import time

import dns.message

from tests.cluster.case import ClusterCase
from tests.cluster.nodes import NAME, PEERS_PORT, ZONE
from tests.support.dnsclient import question, records_in

EDE, EDE_STALE_ANSWER, EDE_NOT_READY = 15, 3, 14
SERVFAIL = 2


class StartTest(ClusterCase):
    def started(self, **options):
        world = self.world(**options).start()
        return world, list(world.nodes.values())

    def test_without_etcd_it_answers_from_its_file_and_says_that_it_is_stale(self):
        world, (n1, n2, n3) = self.started()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1")
        self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(n3, "web"))
        for node in (n3, n2, n1):
            self.assertEqual(0, node.stop())
        world.etcd.stop_all()
        n3.launch()
        self.eventually(lambda: self.answers(n3), "it answers from its file", 10)
        self.assertEqual({"192.0.2.1"}, self.addresses(n3, "web"))
        self.assertIn(EDE_STALE_ANSWER, self.ede(n3, "web"))
        api = self.api_of(n3)
        refused = api.register("web", "i-2", "192.0.2.2")
        self.assertEqual((503, True), (refused.status, refused.is_problem), refused)
        self.assertIn("Retry-After", refused.headers)
        self.assertEqual(503, api.heartbeat("web", "i-1").status)
        self.assertEqual((200, 503), (api.call("GET", "/healthz").status, api.call("GET", "/readyz").status))
        world.etcd.start().wait_until_ready()
        self.eventually(n3.is_ready, "it is ready when etcd is there", 40)
        self.assertEqual(200, api.heartbeat("web", "i-1").status)
        self.assertNotIn(EDE_STALE_ANSWER, self.ede(n3, "web"))

    def first_answers(self, node, service, number=3, seconds=20):
        """The first answers after a start: questions are sent all the time, so that none is missed."""
        found, query, end = [], question(f"{service}.svc.internal", "A", 1232).to_wire(), time.monotonic() + seconds
        with node.dns(timeout=0.001).connected_udp() as udp:
            while len(found) < number:
                self.assertTrue(node.is_running() and time.monotonic() < end, node.log()[-3000:])
                try:
                    udp.send(query)
                    found.append(dns.message.from_wire(udp.recv(65535)))
                except (ConnectionRefusedError, TimeoutError):
                    pass
        return found

    def test_a_node_that_comes_back_does_not_answer_from_its_old_file_while_etcd_is_there(self):
        world, (n1, n2, n3) = self.started()
        api = self.api_of(n1)
        api.expect_registered("web", "old", "192.0.2.1", ttl="600s")
        self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(n3, "web"))
        self.assertEqual(0, n3.stop())
        # So much happens meanwhile that reading it takes a while.
        self.assertEqual(204, api.deregister("web", "old").status)
        api.expect_registered("web", "new", "192.0.2.2", ttl="600s")
        for number in range(500):
            api.expect_registered("busy", "i-1", "192.0.2.3", ttl="600s", weight=1 + number % 2)
        for kind, prepare in (("clean", lambda: None), ("--join", lambda: n3.stop())):
            with self.subTest(kind):
                prepare()
                n3.launch(*([kind] if kind.startswith("--") else []))
                answers = self.first_answers(n3, "web")
                if "not up to date with etcd yet" in n3.log():
                    self.assert_says_stale(answers)  # a slow machine: 1.5 s were not enough
                    continue
                for answer in answers:
                    self.assertEqual(["192.0.2.2"], [record.address for record in records_in(answer.answer, "A")], answer)
                    self.assertEqual([], [option.code for option in answer.options if option.otype == EDE])
                self.assertEqual({"new"}, self.api_of(n3).ids("web"))

    def assert_says_stale(self, answers):
        first = [option.code for option in answers[0].options if option.otype == EDE]
        self.assertEqual([EDE_STALE_ANSWER], first)

    def test_a_node_that_has_never_had_the_roll_says_so_and_not_that_there_is_nothing(self):
        world, (n1, n2, n3) = self.started()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1", ttl="600s")
        self.assertEqual(0, n3.stop())
        n3.database.unlink()
        for member in world.etcd.members:
            world.network.cut_both("n3", member)
        n3.launch()
        for answer in self.first_answers(n3, "web"):
            self.assertEqual(SERVFAIL, answer.rcode())
            self.assertEqual([EDE_NOT_READY], [option.code for option in answer.options if option.otype == EDE])
        for member in world.etcd.members:
            world.network.heal_both("n3", member)
        self.eventually(n3.is_ready, "it is ready", 40)
        self.assertEqual({"192.0.2.1"}, self.addresses(n3, "web"))

    def test_rows_that_the_copy_has_lost_are_read_again(self):
        world, (n1, n2, n3) = self.started()
        api = self.api_of(n1)
        for number in range(3):
            api.expect_registered("web", f"i-{number}", f"192.0.2.{number + 1}", ttl="600s")
        api.expect_registered("web", "last", "192.0.2.9", ttl="600s")
        everybody = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9"}
        self.eventually_equal(everybody, lambda: self.addresses(n3, "web"))
        self.assertEqual(0, n3.stop())
        with contextlib.closing(sqlite3.connect(n3.database)) as database, database:
            # As a fault would lose it: no trigger notes that.
            for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                database.execute(f'DROP TRIGGER "{name}"')
            self.assertEqual(1, database.execute("DELETE FROM instance WHERE id = 'i-1'").rowcount)
        n3.start()
        self.assertEqual(everybody, self.addresses(n3, "web"))
        self.assertEqual(self.indexes(n1), self.indexes(n3))
        self.assertIn("missing from the copy", n3.log())
        self.assertEqual(0, n3.stop())
        with contextlib.closing(sqlite3.connect(n3.database)) as database:
            self.assertEqual(4, database.execute("SELECT count(*) FROM instance").fetchone()[0])
        n3.start()
        self.assertEqual(self.indexes(n1), self.indexes(n3))

    def indexes(self, node):
        read = self.api_of(node).call("GET", "/v1/services/web").json
        return read["index"], {each["id"]: each["index"] for each in read["instances"]}

    def answers(self, node):
        try:
            return bool(self.addresses(node, "web"))
        except Exception:
            return False

    def test_where_no_cluster_has_the_name_a_node_says_so_and_ends(self):
        world = self.world()
        world.etcd.start().wait_until_ready()
        self.ends_with_a_sentence(world.nodes["n1"].run_to_end(), NAME, "--promote")
        self.assertEqual({}, world.etcd.keys("/rollcall/"))

    def test_a_cluster_that_is_there_is_not_made_a_second_time(self):
        world, (n1, n2, _) = self.started()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1")
        before = world.etcd.keys("/rollcall/test/format")
        self.assertEqual(0, n2.stop())
        done = n2.run_to_end("--promote")
        self.ends_with_a_sentence(done, NAME)
        self.assertEqual(before, world.etcd.keys("/rollcall/test/format"))
        self.assertEqual({"192.0.2.1"}, self.addresses(n1, "web"))

    def test_of_two_nodes_of_one_name_the_second_waits(self):
        world, (n1, *_) = self.started()
        namesake = world.add_node("n1", machine="n2")
        world.nodes["n2"].stop()
        try:
            self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
            namesake.database = namesake.directory / "namesake.db"
            namesake.name = "namesake"
            namesake.launch()
            statuses = self.keep_beating(n1, "web", "i-1", 8)
            self.assertEqual({200}, set(statuses), "the first is not put out")
            self.assertFalse(namesake.is_ready() if namesake.is_running() else False)
        finally:
            world.nodes["n1"] = n1
            namesake.kill()

    def test_a_node_of_another_history_takes_over_what_etcd_has(self):
        world, (n1, n2, n3) = self.started()
        self.api_of(n1).expect_registered("web", "old", "192.0.2.1")
        self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(n3, "web"))
        for node in (n1, n2, n3):
            self.assertEqual(0, node.stop())
        world.etcd.ctl("del", "--prefix", "/rollcall/")
        n1.database.unlink()
        n1.start("--promote")
        self.api_of(n1).expect_registered("web", "new", "192.0.2.9")
        n3.start()
        self.assertEqual({"192.0.2.9"}, self.addresses(n3, "web"))
        self.assertEqual({"new"}, self.api_of(n3).ids("web"))

    def test_a_node_with_another_zone_file_is_told_of(self):
        world, (n1, n2, _) = self.started()
        self.assertEqual(0, n2.stop())
        n2.zone.write_text(ZONE + "other IN A 192.0.2.99\n")
        n2.launch()
        self.eventually(lambda: "zone" in n2.log().lower() and "n1" in n2.log() or not n2.is_running(),
                        "its log says that the zone files differ", 20)

    def test_garbage_at_the_port_of_the_nodes_disturbs_nobody(self):
        world, (n1, n2, n3) = self.started()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
        dice = random.Random(7)
        open_ones = []
        for number in range(300):
            try:
                stream = socket.create_connection((n2.address, PEERS_PORT), timeout=2)
                stream.sendall(dice.choice((dice.randbytes(dice.randrange(1, 4000)), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                            b"\x16\x03\x01\xff\xff", b"\0" * 100, b"\xff" * 70_000)))
                if dice.random() < 0.3:
                    open_ones.append(stream)  # says no more, and stays
                else:
                    stream.close()
            except OSError:
                pass
        self.assertEqual({200}, set(self.keep_beating(n3, "web", "i-1", 4)))
        for node in (n1, n2, n3):
            self.assertTrue(node.is_ready())
            self.assertEqual({"192.0.2.1"}, self.addresses(node, "web"))
        for stream in open_ones:
            stream.close()


class GrowTest(ClusterCase):
    def test_one_node_becomes_three_and_three_become_one(self):
        world = self.world()
        n1, n2, n3 = world.nodes.values()
        alone = n1.settings.read_text().partition("[cluster]")[0]
        whole = n1.settings.read_text()
        n1.settings.write_text(alone)
        n1.start()
        first = self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1")
        self.assertEqual(0, n1.stop())

        world.etcd.start().wait_until_ready()
        n1.settings.write_text(whole)
        n1.start("--promote")
        n2.start()
        n3.start("--join")
        for node in (n1, n2, n3):
            self.assertEqual({"192.0.2.1"}, self.addresses(node, "web"))
        second = self.api_of(n3).expect_registered("web", "i-2", "192.0.2.2")
        self.assertGreater(second["index"], first["index"])

        for node in (n3, n2, n1):
            self.assertEqual(0, node.stop())
        world.etcd.stop_all()
        n1.settings.write_text(alone)
        n1.start()
        self.assertEqual({"192.0.2.1", "192.0.2.2"}, self.addresses(n1, "web"))
        third = self.api_of(n1).expect_registered("web", "i-3", "192.0.2.3")
        self.assertGreater(third["index"], second["index"])

