"""An upgrade without a gap (src/server/handover.h): nothing is lost while one process hands over to the next, and whatever
happens to the new one at any step, the old one goes on answering and writing."""

import json
import os
import random
import signal
import socket
import sqlite3
import sys
import time

from tests.support.api import registration, wire
from tests.support.case import Case
from tests.support.processes import REPOSITORY, run
from tests.support.service_manager import NotifySocket
from tests.support.takeover_load import Heartbeats, Queries, Registrations

UPGRADES = 3
CONNECTIONS = 8
SCHEMA_OF_A_LATER_VERSION = 10_000
STEPS = ["hello", "welcome", "freeze", "state", "ready", "go"]


class Successor:
    """A new process as the old one sees it, which goes no further than it is told."""

    def __init__(self, database, schema=None):
        if schema is None:
            schema = schema_of(database)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(15)
        self.socket.connect(f"{database}.handover")
        self.say("hello", schema)

    def say(self, word, rest=""):
        self.socket.send(f"{word} {rest}".encode())

    def hear(self, *words):
        """The first message with one of the words; empty: the old process has hung up."""
        while True:
            octets, descriptors, _, _ = socket.recv_fds(self.socket, 1 << 18, 253)
            for each in descriptors:
                os.close(each)
            word = octets.split(b" ")[0].decode()
            if not octets or word in words:
                return octets.decode(errors="replace")

    def go_up_to(self, step):
        at = STEPS.index(step)
        if at >= 1:
            assert self.hear("welcome", "refused").startswith("welcome")
            self.hear("all")
        if at >= 2:
            self.say("freeze")
        if at >= 3:
            self.hear("state")
        if at >= 4:
            self.say("ready")
        if at >= 5:
            self.hear("go")

    def leave(self):
        self.socket.close()


def schema_of(database):
    connection = sqlite3.connect(database)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


class Takeover(Case):
    def setUp(self):
        self.manager = NotifySocket(self.directory / "notify")
        self.addCleanup(self.manager.close)
        self.later = []  # processes that have taken over; the harness knows the first alone
        self.addCleanup(self.end_later)

    def end_later(self):
        for pid in self.later:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def managed(self, *arguments):
        server = self.make_server(*arguments, wrapper=["env", f"NOTIFY_SOCKET={self.manager.path}"])
        server.start()
        self.manager.wait_for("READY")
        self.pid = server.process.pid
        self.first = server.process
        return server

    def ask_for_upgrade(self):
        self.manager.forget()
        os.kill(self.pid, signal.SIGUSR2)

    def upgrade(self):
        """The process that has taken over. Where the machine was too slow, the old one has gone on, and is asked again."""
        for _ in range(5):
            self.ask_for_upgrade()
            state = self.manager.wait_for_any({"MAINPID": None, "STATUS": "not upgraded"}, seconds=60)
            if "MAINPID" in state:
                break
            self.assertIn("took too long", state["STATUS"])
        before, self.pid = self.pid, int(state["MAINPID"])
        self.later.append(self.pid)
        self.manager.wait_for("READY", seconds=30)
        self.eventually(lambda: has_ended(before), "the old process has ended", timeout=15)
        if before == self.first.pid:
            self.assertEqual(0, self.first.wait())
        return self.pid

    def log(self):
        return self.first.stderr()

    def connect(self, port):
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.addCleanup(connection.close)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def successor(self, server, schema=None):
        successor = Successor(server.database, schema)
        self.addCleanup(successor.leave)
        return successor


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class NothingIsLost(Takeover):
    def test_queries_heartbeats_and_registrations_while_it_is_upgraded_several_times(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="2s")
        work = [Queries(server.dns_port), Registrations(server.http_port, server.dns_port),
                *(Heartbeats(server.http_port, stays=n % 2 == 0) for n in range(CONNECTIONS))]
        for each in work:
            each.start()
        for _ in range(UPGRADES):
            time.sleep(0.5)
            self.upgrade()
        time.sleep(0.5)
        for each in work:
            each.ends.set()
        for each in work:
            each.join(30)
        queries, registrations, heartbeats = work[0], work[1], work[2:]
        self.assertEqual([], queries.wrong)
        self.assertEqual(queries.sent, queries.answered)
        self.assertEqual([], registrations.wrong)
        self.assertEqual({b"HTTP/1.1 200 OK"}, {head for each in heartbeats for head in each.heads})
        fresh = self.api_of(server)
        self.assertEqual(set(registrations.acknowledged), fresh.ids("kept"))
        events = fresh.call("GET", "/v1/events?limit=1000").json["events"]
        self.assertEqual([], [each for each in events if "expired" in json.dumps(each)])
        self.assertGreater(len(registrations.acknowledged), UPGRADES)
        self.assertEqual(UPGRADES, self.log().count("has taken over; changes and heartbeats waited for"))

    def test_what_is_under_way_on_open_connections(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        index = api.call("GET", "/v1/services/web").json["index"]
        blocked = self.connect(server.http_port)
        blocked.sendall(wire("GET", f"/v1/services/web?index={index}&wait=60s"))
        stream = self.connect(server.http_port)
        stream.sendall(wire("GET", "/v1/watch"))
        self.assertIn(b" 200 ", stream.recv(4096))
        whole = wire("PUT", "/v1/services/web/instances/b", registration("192.0.2.2", 80, ttl="1h"))
        begun = {cut: self.connect(server.http_port) for cut in (3, whole.index(b"\r\n\r\n") + 4, len(whole) - 5)}
        for cut, connection in begun.items():
            connection.sendall(whole[:cut])
        dns = self.connect(server.dns_port)
        query = b"\0\x07\1\0\0\1\0\0\0\0\0\0\x03web\x03svc\x08internal\0\0\1\0\1"
        framed = len(query).to_bytes(2, "big") + query
        dns.sendall(framed + framed[:9])
        self.assertEqual(b"\0\x07", dns.recv(4096)[2:4])
        time.sleep(0.1)
        self.upgrade()
        self.assertIn(b" 200 ", blocked.recv(4096).split(b"\r\n")[0])
        for cut, connection in begun.items():
            connection.sendall(whole[cut:])
            self.assertRegex(connection.recv(4096).split(b"\r\n")[0], rb"HTTP/1.1 20[01] ")
        dns.sendall(framed[9:])
        self.assertEqual(b"\0\x07", dns.recv(4096)[2:4])
        while stream.recv(4096):  # it ends in order; a client comes back with its Last-Event-ID
            pass

    def test_leases_and_indexes_go_on_where_they_were(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        api.expect_registered("web", "short", "192.0.2.2", ttl="4s")
        begin = time.monotonic()
        before = api.call("GET", "/v1/services/web/instances/a").json
        time.sleep(1.5)
        self.upgrade()
        fresh = self.api_of(server)
        after = fresh.call("GET", "/v1/services/web/instances/a").json
        self.assertEqual(before["index"], after["index"])
        self.assertLess(after["expires_in_ms"], before["expires_in_ms"] - 1000)
        self.assertEqual({"192.0.2.1"}, server.dns().addresses("a.web.svc.internal"))
        waited = fresh.metric("rollcall_takeover_wait_seconds")
        self.assertGreater(waited, 0)
        self.eventually(lambda: fresh.ids("web") == {"a"}, "the short lease has ended", timeout=30)
        self.assertGreaterEqual(time.monotonic() - begin, 4 - 0.1)


class TheOldOneGoesOn(Takeover):
    def expect_alive(self, server, api, name):
        api.expect_registered("web", name, "192.0.2.2", ttl="1h")
        self.assertEqual(200, api.heartbeat("web", "a").status)
        self.assertIn("192.0.2.1", server.dns().addresses("a.web.svc.internal"))

    def test_when_the_new_one_goes_at_any_step(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        for n, step in enumerate(STEPS):
            with self.subTest(step):
                successor = self.successor(server)
                successor.go_up_to(step)
                successor.leave()
                self.expect_alive(server, api, f"after-{n}")
        self.assertGreater(api.metric("rollcall_handovers_failed_total"), 0)
        self.upgrade()
        self.assertEqual(len(STEPS) + 1, len(self.api_of(server).ids("web")))

    def test_when_the_new_one_hangs_it_is_killed_first(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        for step in ("freeze", "ready"):
            with self.subTest(step):
                hanging = self.start(f"hangs-{step}", ["/usr/bin/python3", "-B", "-m", "tests.crash.test_takeover", server.database,
                                                       step], cwd=REPOSITORY)
                self.assertEqual(-signal.SIGKILL, hanging.wait(timeout=60))
                self.expect_alive(server, api, f"after-{step}")

    def test_when_the_settings_are_wrong(self):
        settings = self.settings_file("[lease]\ndefault = \"15s\"\n")
        server = self.managed("--config", settings)
        settings.write_text("nonsense = 1\n")
        self.ask_for_upgrade()
        state = self.manager.wait_for_any({"STATUS": "not upgraded"}, seconds=30)
        self.assertRegex(state["STATUS"], r"^not upgraded, process \d+ did not take over: ")
        self.assertIn("nonsense", self.log())
        self.api_of(server).expect_registered("web", "a", "192.0.2.1")
        self.assertEqual(1, self.api_of(server).metric("rollcall_handovers_failed_total"))

    def test_a_second_upgrade_is_refused_with_a_sentence(self):
        server = self.managed()
        first = self.successor(server)
        first.hear("welcome")
        ended = run([*server.command(), "--takeover"], cwd=self.directory)
        self.assertEqual(1, ended.returncode)
        self.assertIn("another upgrade is under way", ended.stderr)
        first.leave()

    def test_a_version_that_knows_less_than_the_database_is_refused(self):
        server = self.managed()
        old = self.successor(server, schema=1)
        self.assertRegex(old.hear("refused", "welcome"), "^refused .*use a newer rollcalld")

    def test_without_a_process_to_take_over_from_it_is_a_start(self):
        server = self.managed("--takeover")
        self.api_of(server).expect_registered("web", "a", "192.0.2.1")
        self.upgrade()
        self.assertEqual({"a"}, self.api_of(server).ids("web"))


class Migration(Takeover):
    def test_queries_are_answered_and_changes_wait_while_it_migrates(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        successor = self.successor(server, SCHEMA_OF_A_LATER_VERSION)
        successor.go_up_to("state")
        waiting = self.connect(server.http_port)
        waiting.sendall(wire("PUT", "/v1/services/web/instances/b", registration("192.0.2.2", 80, ttl="1h")))
        waiting.settimeout(2.5)
        with self.assertRaises(TimeoutError):
            waiting.recv(4096)
        self.assertEqual({"192.0.2.1"}, server.dns().addresses("web.svc.internal"))
        successor.leave()
        waiting.settimeout(20)
        self.assertIn(b" 201 ", waiting.recv(4096).split(b"\r\n")[0])
        self.assertIn("the database is migrated from schema", self.log())

    def test_a_database_that_was_migrated_is_not_written_by_the_old_one(self):
        server = self.managed()
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        successor = self.successor(server, SCHEMA_OF_A_LATER_VERSION)
        successor.go_up_to("state")
        database = sqlite3.connect(server.database)
        database.execute("CREATE TABLE of_a_later_version (x)")
        database.commit()
        database.close()
        successor.leave()
        self.assertEqual(1, server.process.wait())
        self.assertIn("has written to the database", self.log())
        server.start()
        self.assertEqual({"a"}, self.api_of(server).ids("web"))


class Killed(Takeover):
    """kill -9 at any moment of a hand-over: what was acknowledged is there, with the process that is left or after a start."""

    def one_round(self, server, whom, after, prefix):
        """What was acknowledged, and the new process."""
        registrations = Registrations(server.http_port, server.dns_port, forgives=True, prefix=prefix)
        registrations.start()
        time.sleep(0.1)
        before = processes_with_takeover(server.database)
        os.kill(self.pid, signal.SIGUSR2)
        new = self.eventually(lambda: processes_with_takeover(server.database) - before, "a new process", timeout=20,
                              every=0.001).pop()
        self.later.append(new)
        time.sleep(after)
        try:
            os.kill({"old": self.pid, "new": new}[whom], signal.SIGKILL)
        except ProcessLookupError:
            pass  # the hand-over was faster
        time.sleep(0.3)
        registrations.ends.set()
        registrations.join(60)
        return registrations.acknowledged, new

    def has_all(self, server, acknowledged):
        try:
            return set(acknowledged) <= self.api_of(server, timeout=3).ids("kept")
        except OSError:
            return False

    def run_rounds(self, whom):
        seed = int(os.environ.get("ROLLCALL_SEED", random.randrange(1 << 30)))
        dice = random.Random(seed)
        server = self.managed()
        acknowledged = []
        for n in range(5):
            with self.subTest(seed=seed, round=n):
                more, new = self.one_round(server, whom, dice.uniform(0, 0.15), f"r{n}-")
                acknowledged += more
                self.eventually(lambda: has_ended(self.pid) or has_ended(new), "one is left at most", timeout=15)
                self.eventually(lambda: has_ended(self.pid) and has_ended(new) or self.has_all(server, acknowledged),
                                "who is left has all of them", timeout=15)
                for pid in (self.pid, new):
                    if not has_ended(pid):
                        os.kill(pid, signal.SIGKILL)
                    self.eventually(lambda: has_ended(pid), "it has ended")
                server.start()
                self.pid = server.process.pid
                self.assertLessEqual(set(acknowledged), self.api_of(server).ids("kept"))
        self.assertGreater(len(acknowledged), 5)

    def test_the_new_one(self):
        self.run_rounds("new")

    def test_the_old_one(self):
        self.run_rounds("old")


def processes_with_takeover(database):
    """The processes with --takeover and this database on their command line."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"--takeover" in words and os.fsencode(database) in words:
            found.add(int(pid))
    return found


if __name__ == "__main__":  # a new process that goes up to a step, and hangs
    hanging = Successor(sys.argv[1])
    hanging.go_up_to(sys.argv[2])
    time.sleep(600)
