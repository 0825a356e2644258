"""Everything that can be asked at once and in any order, by clients that are quick, slow, half gone or gone, while the disk is
slow or fails, files run out, settings are reloaded, the database is edited and zones are transferred.

Whatever happens: no crash, every answer belongs to its request, heartbeats are answered, and what is held for clients stays
within the formula of docs/security.md. $CHAOS_SECONDS is for how long, $CHAOS_SEED begins the same again.
"""

import contextlib
import json
import os
import random
import resource
import socket
import sqlite3
import struct
import threading
import time
import unittest

import dns.exception
import dns.message
import dns.query

from tests.support.api import instance_path, registration, wire
from tests.support.case import Case
from tests.support.load import register_many
from tests.support.rollcall import BINARY

FAULTY = BINARY.with_name("rollcalld_on_a_faulty_disk")
IS_INSTRUMENTED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ
SECONDS = float(os.environ.get("CHAOS_SECONDS") or (60 if IS_INSTRUMENTED else 10))
SEED = int(os.environ.get("CHAOS_SEED") or time.time_ns())
CLIENTS = 10
LONG = 3_000  # instances of the service whose list is long
OWED_TOTAL = 256 << 20
CONNECTION = 128 << 10
SETTINGS = """\
[dns]
workers = 2
max_tcp_connections = 60
[http]
max_connections = 120
[[zone]]
name = "svc.internal"
transfer_to = ["127.0.0.0/8"]
"""


class Wrong(AssertionError):
    """An answer that does not belong to its request."""


class Exchange:
    """A request, and what its answer must be: any of `statuses`, or 503; it names `mark` where the status is among `named`."""

    def __init__(self, octets, mark, statuses, named=None):
        self.octets, self.mark, self.statuses = octets, mark, statuses
        self.named = statuses if named is None else named

    def check(self, status, headers, body):
        if status == 503:
            if json.loads(body)["status"] != 503 or "retry-after" not in headers:
                raise Wrong(f"a 503 without its sentence: {body[:200]}")
            return
        if status not in self.statuses or (status in self.named and self.mark.encode() not in body):
            raise Wrong(f"asked {self.octets[:120]}, answered {status} {body[:300]}")


class Events(Exchange):
    def check(self, status, headers, body):
        super().check(status, headers, body)
        others = {event["service"] for event in json.loads(body)["events"]} - {self.mark} if status == 200 else None
        if others:
            raise Wrong(f"asked for the events of {self.mark}, and got those of {others}")


def random_exchange(dice):
    n = dice.randrange(40)
    service, id = f"s-{n}", f"i-{dice.randrange(30)}"
    stranger = f"x{dice.randrange(10**9)}"
    path = instance_path(service, id)
    whole = registration(f"192.0.2.{n + 1}", 1 + n, tags=["blue"],
                         meta={f"k{k}": "x" * dice.randrange(240) for k in range(dice.randrange(6))})
    quoted = f'"{id}"'
    return dice.choice((
        lambda: Exchange(wire("PUT", path, whole), quoted, (200, 201)),
        lambda: Exchange(wire("PUT", path, whole), quoted, (200, 201)),
        lambda: Exchange(wire("POST", "/v1/heartbeat", {**whole, "service": service, "id": id}), quoted, (200, 201)),
        lambda: Exchange(wire("DELETE", path), id, (204, 404), (404,)),
        lambda: Exchange(wire("POST", f"{path}/drain?wait={dice.randrange(300)}ms"), id, (200, 404), (404,)),
        lambda: Exchange(wire("DELETE", f"{path}/drain"), id, (200, 404), (404,)),
        lambda: Exchange(wire("GET", path), id, (200, 404)),
        lambda: Exchange(wire("GET", f"/v1/services/{service}"), f'"{service}"', (200, 404), (200,)),
        lambda: Exchange(wire("GET", f"/v1/services/{stranger}"), stranger, (404,)),
        lambda: Exchange(wire("POST", instance_path(service, stranger) + "/heartbeat"), stranger, (404,)),
        lambda: Exchange(wire("GET", "/v1/services/long"), '"long"', (200,)),
        lambda: Exchange(wire("GET", "/v1/services"), '"services"', (200,)),
        lambda: Exchange(wire("GET", f"/v1/services/long?index=1&wait={dice.randrange(300)}ms"), '"long"', (200,)),
        lambda: Exchange(wire("GET", f"/v1/services/{stranger}?index=0&wait={dice.randrange(300)}ms"), stranger, (404,)),
        lambda: Events(wire("GET", f"/v1/events?service={service}&limit={dice.choice((1, 100, 10_000))}"), service, (200,), ()),
        lambda: Exchange(wire("GET", f"/v1/explain?name={stranger}.svc.internal&type=A"), stranger, (200,)),
        lambda: Exchange(wire("GET", f"/{stranger}"), stranger, (404,)),
        lambda: Exchange(wire("PUT", path, {"address": stranger, "port": 1}), stranger, (400,)),
        lambda: Exchange(wire("GET", "/v1/status"), '"zones"', (200,)),
        lambda: Exchange(wire("POST", "/v1/heartbeats", {"instances": [{"service": service, "id": stranger}] * 300}),
                         stranger, (200,)),
    ))()


def reset(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


class Reader:
    """Answers as they come, a few octets at a time where the reader is slow."""

    def __init__(self, stream, dice, is_slow):
        self.stream, self.dice, self.is_slow, self.rest = stream, dice, is_slow, bytearray()

    def more(self):
        if self.is_slow:
            time.sleep(self.dice.random() / 50)
        block = self.stream.recv(self.dice.randrange(1, 60_000) if self.is_slow else 1 << 18)
        if not block:
            raise ConnectionError("the server has closed the connection")
        self.rest += block

    def answer(self):
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self.more()
        lines = bytes(self.rest[:end]).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        status = int(lines[0].split()[1])
        length = int(headers.get("content-length", 0))
        while len(self.rest) < end + 4 + length:
            self.more()
        body = bytes(self.rest[end + 4:end + 4 + length])
        del self.rest[:end + 4 + length]
        return status, headers, body


class ChaosTest(Case):
    def setUp(self):
        if not FAULTY.exists():
            raise unittest.SkipTest(f"{FAULTY} has not been built")
        self.state = self.directory / "disk"
        self.state.write_text(".")
        os.environ["ROLLCALL_FAULTY_DISK"] = str(self.state)
        self.addCleanup(os.environ.pop, "ROLLCALL_FAULTY_DISK")
        self.rollcalld = self.server("--config", self.settings_file(SETTINGS), binary=FAULTY)
        self.end, self.failures, self.done, self.lock = 0.0, [], {}, threading.Lock()
        self.largest = {"owed": 0, "resident": 0}

    def disk(self, state):
        with open(self.state, "r+") as file:  # in place: the server has it mapped
            file.write(state)

    def repeat(self, turn, number):
        dice = random.Random(f"{SEED} {turn.__name__} {number}")
        count = 0
        try:
            while time.monotonic() < self.end and not self.failures:
                turn(dice)
                count += 1
        except Exception as error:
            self.failures.append(f"{turn.__name__}: {error!r}")
        with self.lock:
            self.done[turn.__name__] = self.done.get(turn.__name__, 0) + count

    # --- what happens ---

    def converse(self, dice):
        exchanges = [random_exchange(dice) for _ in range(dice.choice((1, 3, 20, 200)))]
        octets = b"".join(exchange.octets for exchange in exchanges)
        kind = dice.choice(("whole", "whole", "slow", "half", "gone", "broken"))
        with contextlib.suppress(OSError), socket.socket() as stream:  # too many files, too many connections, a stop
            stream.settimeout(45)  # nothing waits longer than 30 s
            if kind == "slow":
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            stream.connect((self.rollcalld.address, self.rollcalld.http_port))
            if kind == "broken":
                stream.sendall(octets[:dice.randrange(len(octets))] + b"\0" * dice.randrange(3))
                return reset(stream)
            sending = threading.Thread(target=self.send, args=(stream, octets, kind == "half"), daemon=True)
            sending.start()
            if kind == "gone":
                time.sleep(dice.random() / 5)
                return reset(stream)
            reader = Reader(stream, dice, kind == "slow")
            for n, exchange in enumerate(exchanges[:10 if kind == "slow" else None]):
                try:
                    status, headers, body = reader.answer()
                except TimeoutError:
                    raise Wrong(f"{kind}: no answer to request {n} of {len(exchanges)}: {exchange.octets[:120]}, "
                                f"have {bytes(reader.rest[:200])}, at {stream.getsockname()}") from None
                exchange.check(status, headers, body)
                if headers.get("connection") == "close":
                    break

    @staticmethod
    def send(stream, octets, is_all):
        with contextlib.suppress(OSError):
            stream.sendall(octets)
            if is_all:
                stream.shutdown(socket.SHUT_WR)

    def watch(self, dice):
        with contextlib.suppress(OSError), socket.socket() as stream:
            stream.settimeout(5)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            stream.connect((self.rollcalld.address, self.rollcalld.http_port))
            stream.sendall(wire("GET", f"/v1/watch?last_event_id={dice.randrange(200)}"))
            until = time.monotonic() + dice.random() * 4
            while time.monotonic() < until and stream.recv(dice.randrange(1, 20_000)):
                time.sleep(dice.random() / 20)
            if dice.random() < 0.5:
                reset(stream)

    def beat(self, _dice):
        """On a connection of its own, which no limit of files touches."""
        answer = self.heart.call_once("POST", instance_path("steady", "i-1") + "/heartbeat")
        if answer.status != 200:
            raise Wrong(f"a heartbeat was answered {answer}")
        time.sleep(0.02)

    def trouble_the_disk(self, dice):
        self.disk(dice.choice(".srf"))
        time.sleep(dice.random() * 1.5)
        self.disk(".")
        time.sleep(dice.random())

    def run_out_of_files(self, dice):
        time.sleep(1 + dice.random() * 2)
        pid = self.rollcalld.process.pid
        few = len(os.listdir(f"/proc/{pid}/fd")) + dice.randrange(-5, 5)
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, hard))
        time.sleep(dice.random() / 2)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    def reload(self, dice):
        self.rollcalld.reload()
        time.sleep(0.3 + dice.random())

    def edit(self, dice):
        with contextlib.suppress(sqlite3.Error):
            database = sqlite3.connect(self.rollcalld.database, timeout=1)
            with contextlib.closing(database), database:
                id = f"edited-{dice.randrange(20)}"
                database.execute("DELETE FROM instance WHERE service = 'edited' AND id = ?", (id,))
                if dice.random() < 0.6:
                    database.execute("INSERT INTO instance (zone, service, id, addresses, port) VALUES "
                                     "('svc.internal', 'edited', ?, '[\"192.0.2.9\"]', 631)", (id,))
        time.sleep(dice.random() / 4)

    def transfer(self, dice):
        with contextlib.suppress(OSError, EOFError, dns.exception.DNSException):
            for _ in dns.query.xfr(self.rollcalld.address, "svc.internal", port=self.rollcalld.dns_port, timeout=5,
                                   relativize=False):
                if dice.random() < 0.05:
                    break

    def look(self, _dice):
        text = self.scraper.call_once("GET", "/metrics").body.decode()
        owed = next(float(line.split()[-1]) for line in text.splitlines() if line.startswith("rollcall_http_owed_bytes "))
        self.largest["owed"] = max(self.largest["owed"], owed)
        self.largest["resident"] = max(self.largest["resident"], self.rollcalld.process.resident_bytes())
        time.sleep(0.1)

    # --- and what it must come to ---

    def test_nothing_crashes_nothing_is_mixed_up_and_memory_is_bounded(self):
        register_many(self.rollcalld, [("long", f"i-{n:05}-{'x' * 90}", "24h") for n in range(LONG)])
        api = self.api_of(self.rollcalld)
        api.expect_registered("steady", "i-1", ttl="24h")
        longest = len(api.call("GET", "/v1/services/long").body)
        before = self.rollcalld.process.resident_bytes()
        self.heart, self.scraper = self.api_of(self.rollcalld, timeout=60), self.api_of(self.rollcalld, timeout=60)
        for steady in (self.heart, self.scraper):
            self.assertEqual(200, steady.call("GET", "/healthz").status)
        turns = [(self.converse, CLIENTS), (self.watch, 3), (self.beat, 1), (self.trouble_the_disk, 1),
                 (self.run_out_of_files, 1), (self.reload, 1), (self.edit, 1), (self.transfer, 1), (self.look, 1)]
        self.end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=self.repeat, args=(turn, number), daemon=True)
                   for turn, count in turns for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 120)
        self.disk(".")
        self.assertEqual([], self.failures, f"CHAOS_SEED={SEED}")
        self.assertEqual({turn.__name__ for turn, _ in turns}, {name for name, count in self.done.items() if count > 0})
        self.eventually(lambda: api.register("after", "i-1").status in (200, 201), "it recovers", timeout=30)
        self.assertEqual({"192.0.2.1"}, self.rollcalld.dns().addresses("after.svc.internal"))
        loops = 4
        bound = OWED_TOTAL + loops * 2 * longest
        print(f"chaos: seed {SEED}, {self.done}, longest answer {longest}, largest {self.largest}, before {before}")
        self.assertLess(self.largest["owed"], bound)
        if not IS_INSTRUMENTED:
            self.assertLess(self.largest["resident"] - before, bound + 120 * CONNECTION)
