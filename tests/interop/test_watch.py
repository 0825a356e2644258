"""Waiting for a change, watching the roll, and its history, as clients meet them: curl, EventSource-like readers, restarts."""

import json
import socket
import ssl
import subprocess
import time

from tests.support import certificates
from tests.support import processes
from tests.support.api import registration, wire
from tests.support.case import Case
from tests.support.load import pipeline

WATCHERS = 1000
LARGE = 1_000_000_000


class Stream:
    """A reader of /v1/watch: HTTP/1.0, so that what comes is the stream itself."""

    def __init__(self, server, query="", last_event_id=None, receive_buffer=None, timeout=15):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((server.address, server.http_port))
        resume = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id is not None else ""
        self.socket.sendall(f"GET /v1/watch{query} HTTP/1.0\r\n{resume}\r\n".encode())
        self.file = self.socket.makefile("rb")

    def begin(self):
        """Reads the head and the first words."""
        assert b" 200 " in self.file.readline()
        while self.file.readline() not in (b"\r\n", b""):
            pass
        self.block()
        return self

    def block(self):
        """The fields up to the next empty line, comments among them under the empty name; None at the end."""
        fields = {}
        for line in iter(self.file.readline, b""):
            if line == b"\n":
                return fields
            name, _, value = line.decode().rstrip("\n").partition(":")
            fields[name] = value.strip()
        return None

    def event(self):
        """The next event, as its JSON."""
        while (block := self.block()) is not None:
            if "data" in block:
                data = json.loads(block["data"])
                if block["event"] != "gap":
                    assert block["id"] == str(data["event_id"]) and block["event"] == data["event"], block
                return {**data, "event": block["event"]}
        return None

    def close(self):
        self.file.close()
        self.socket.close()


class Watch(Case):
    def stream(self, server, *arguments, **options):
        stream = Stream(server, *arguments, **options).begin()
        self.addCleanup(stream.close)
        return stream

    def test_every_kind_of_change_is_told(self):
        server = self.server()
        api, stream = self.api_of(server), self.stream(server)
        api.expect_registered("web", "a", ttl="1s")
        api.expect_registered("web", "b")
        api.expect_registered("web", "b", port=81)
        api.call("POST", "/v1/services/web/instances/b/drain")
        api.call("DELETE", "/v1/services/web/instances/b/drain")
        api.expect_deregistered("web", "b")
        told = [stream.event() for _ in range(7)]
        self.assertEqual(["registered", "registered", "updated", "draining", "ready", "deregistered", "expired"],
                         sorted((event["event"] for event in told), key=lambda kind: kind == "expired"))
        self.assertEqual(list(range(1, 8)), [event["event_id"] for event in told])
        self.assertEqual({"lease expired"}, {event["cause"] for event in told if event["event"] == "expired"})
        listed = api.call("GET", "/v1/events?service=web&id=b").json["events"]
        self.assertEqual([event for event in reversed(told) if event["id"] == "b"], listed)

    def test_curl_reads_the_stream_as_it_comes(self):
        server = self.server()
        curl = self.start("curl", [processes.need_program("curl"), "-sSN",
                                   f"http://{server.address}:{server.http_port}/v1/watch?service=web"])
        self.eventually(lambda: "retry:" in curl.stdout(), "the first words")
        self.api_of(server).expect_registered("web", "a")
        self.eventually(lambda: "event: registered\n" in curl.stdout(), "the event")

    def test_a_watch_goes_on_after_a_crash(self):
        server = self.server()
        api, stream = self.api_of(server), self.stream(server)
        for id in "abc":
            api.expect_registered("web", id)
        self.assertEqual(["a", "b", "c"], [stream.event()["id"] for _ in range(3)])
        server.kill()
        server.start()
        self.api_of(server).expect_registered("web", "d")
        stream = self.stream(server, last_event_id=2)
        told = [stream.event() for _ in range(5)]
        self.assertEqual(["c", "a", "b", "c", "d"], [event["id"] for event in told])
        self.assertEqual(["registered", "restored", "restored", "restored", "registered"],
                         [event["cause"] for event in told])
        self.assertEqual([3, 4, 5, 6, 7], [event["event_id"] for event in told])

    def test_a_history_that_is_forgotten_is_a_gap(self):
        server = self.server("--config", self.settings_file("[history]\nrows = 0\n"))
        self.api_of(server).expect_registered("web", "a")
        self.assertEqual([], self.api_of(server).call("GET", "/v1/events").json["events"])
        self.assertEqual("a", self.stream(server, last_event_id=0).event()["id"])  # still in memory
        server.restart()
        event = self.stream(server, last_event_id=0).event()
        self.assertEqual(("gap", 1), (event["event"], event["from"]))

    def test_a_slow_reader_is_cut_off_and_told_how_to_go_on(self):
        server = self.server()
        stream = Stream(server, receive_buffer=4096)
        self.addCleanup(stream.close)
        stream.begin()
        total = 24_000
        body = registration("192.0.2.1", 80)
        statuses = pipeline(server, [wire("PUT", f"/v1/services/web/instances/i-{i}-{'x' * 100}", body)
                                     for i in range(total)])
        self.assertEqual({201}, set(statuses))
        last, comment = 0, ""
        while (block := stream.block()) is not None:
            if "data" in block:
                last = int(block["id"])
            elif "" in block:
                comment = block[""]
        self.assertLess(last, total)
        self.assertEqual(f"too slow: connect again with Last-Event-ID: {last}", comment)
        again = self.stream(server, last_event_id=last)
        for expected in range(last + 1, total + 1):
            self.assertEqual(expected, again.event()["event_id"])

    def test_a_thousand_watchers_are_all_told(self):
        processes.need_open_files(2 * WATCHERS + 100)
        server = self.server()
        before = server.process.resident_bytes()
        streams = [self.stream(server, f"?service=s{i % 10}") for i in range(WATCHERS)]
        grown = (server.process.resident_bytes() - before) / WATCHERS
        self.assertLess(grown, 32 * 1024, "octets for each watcher")
        api = self.api_of(server)
        for i in range(10):
            api.expect_registered(f"s{i}", "a")
        for i, stream in enumerate(streams):
            self.assertEqual(f"s{i % 10}", stream.event()["service"])
        for stream in streams:
            stream.close()
        self.eventually_equal(0, lambda: api.call("GET", "/v1/status").json["events"]["watching"])

    def test_a_stop_ends_the_stream_with_a_word(self):
        server = self.server()
        stream = self.stream(server)
        self.assertEqual(0, server.stop())
        self.assertEqual("the server stops: connect again with Last-Event-ID: 0", stream.block()[""])
        self.assertIsNone(stream.block())


class Wait(Case):
    def blocked(self, server, service, index, wait="60s"):
        """A call that has been sent; its answer is read by `answer`."""
        connection = socket.create_connection((server.address, server.http_port), timeout=15)
        self.addCleanup(connection.close)
        connection.sendall(f"GET /v1/services/{service}?index={index}&wait={wait} HTTP/1.0\r\n\r\n".encode())
        return connection

    def answer(self, connection):
        text = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = text.partition(b"\r\n\r\n")
        self.assertIn(b" 200 ", head.splitlines()[0])
        return json.loads(body)

    def waiting(self, api):
        return api.call("GET", "/v1/status").json["events"]["waiting"]

    def test_only_a_change_of_this_service_wakes(self):
        server = self.server()
        api = self.api_of(server)
        index = api.expect_registered("web", "a")["index"]
        call = self.blocked(server, "web", index)
        self.eventually_equal(1, lambda: self.waiting(api))
        for i in range(20):
            api.expect_registered("db", f"x{i}")
            api.heartbeat("web", "a")
        server.reload()
        self.eventually(lambda: "are reloaded" in server.log(), "the reload")
        self.assertEqual(1, self.waiting(api))
        last = api.expect_registered("web", "b")["index"]
        answer = self.answer(call)
        self.assertEqual((last, ["a", "b"]), (answer["index"], [each["id"] for each in answer["instances"]]))

    def test_the_end_of_a_lease_wakes(self):
        server = self.server()
        index = self.api_of(server).expect_registered("web", "a", ttl="1s")["index"]
        self.assertEqual([], self.answer(self.blocked(server, "web", index))["instances"])

    def test_the_index_survives_a_crash_and_a_larger_one_is_answered_at_once(self):
        server = self.server()
        index = self.api_of(server).expect_registered("web", "a")["index"]
        self.assertEqual(index, self.answer(self.blocked(server, "web", LARGE))["index"])
        server.kill()
        server.start()
        api = self.api_of(server)
        call = self.blocked(server, "web", index)
        self.eventually_equal(1, lambda: self.waiting(api))
        self.assertGreater(api.expect_registered("web", "b")["index"], index)
        self.assertEqual({"a", "b"}, {each["id"] for each in self.answer(call)["instances"]})

    def test_a_wait_is_over_with_its_time_and_outlives_the_deadlines_of_requests(self):
        server = self.server()
        index = self.api_of(server).expect_registered("web", "a")["index"]
        began = time.monotonic()
        self.assertEqual(index, self.answer(self.blocked(server, "web", index, "12s"))["index"])
        self.assertGreaterEqual(time.monotonic() - began, 12)

    def test_a_client_that_has_gone_waits_no_more(self):
        server = self.server()
        api = self.api_of(server)
        index = api.expect_registered("web", "a")["index"]
        calls = [self.blocked(server, "web", index) for _ in range(50)]
        self.eventually_equal(50, lambda: self.waiting(api))
        for call in calls:
            call.close()
        self.eventually_equal(0, lambda: self.waiting(api))

    def test_curl_waits_in_a_loop_and_misses_nothing(self):
        server = self.server()
        curl, api = processes.need_program("curl"), self.api_of(server)
        url = f"http://{server.address}:{server.http_port}/v1/services/web"
        index, seen = 0, []
        for i in range(5):
            child = subprocess.Popen([curl, "-sS", f"{url}?index={index}&wait=60s"], stdout=subprocess.PIPE,
                                     stdin=subprocess.DEVNULL, env=processes.environment())
            api.expect_registered("web", f"i{i}")
            answer = json.loads(child.communicate(timeout=15)[0])
            index = answer["index"]
            seen.append(len(answer["instances"]))
        self.assertEqual([1, 2, 3, 4, 5], seen)


class OverTls(Case):
    def setUp(self):
        self.certificate, key = certificates.make(self.directory)
        settings = f'[http.tls]\nlisten = ["127.0.0.1:0"]\ncertificate = "{self.certificate}"\nkey = "{key}"\n'
        self.rollcalld = self.server("--config", self.settings_file(settings))
        self.api = self.api_of(self.rollcalld)
        self.port = int(self.events()["listeners"]["https"][0].rpartition(":")[2])

    def events(self):
        return self.api.call("GET", "/v1/status").json

    def send(self, request):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        stream = ssl.create_default_context(cafile=self.certificate).wrap_socket(raw, server_hostname=certificates.NAME)
        self.addCleanup(stream.close)
        stream.sendall(f"{request} HTTP/1.0\r\n\r\n".encode())
        return stream

    def read_until(self, stream, text):
        octets = b""
        while text not in octets:
            more = stream.recv(65536)
            self.assertTrue(more, octets)
            octets += more
        return octets

    def test_waits_and_watches_work_the_same(self):
        index = self.api.expect_registered("web", "a")["index"]
        wait = self.send(f"GET /v1/services/web?index={index}&wait=60s")
        watch = self.send("GET /v1/watch?service=web")
        self.eventually(lambda: (self.events()["events"]["waiting"], self.events()["events"]["watching"]) == (1, 1),
                        "both are there")
        self.api.expect_registered("web", "b")
        self.read_until(wait, b'"id":"b"')
        self.assertEqual(b"", wait.recv(100))
        self.read_until(watch, b"event: registered\n")
        watch.close()
        self.eventually_equal(0, lambda: self.events()["events"]["watching"])

    def test_a_stop_answers_both(self):
        index = self.api.expect_registered("web", "a")["index"]
        wait = self.send(f"GET /v1/services/web?index={index}&wait=60s")
        watch = self.send("GET /v1/watch")
        self.eventually(lambda: (self.events()["events"]["waiting"], self.events()["events"]["watching"]) == (1, 1),
                        "both are there")
        self.assertEqual(0, self.rollcalld.stop())
        self.read_until(wait, b'"id":"a"')
        self.read_until(watch, b"the server stops")
