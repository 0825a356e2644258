"""SkyDNS records of other programs on the roll, and the roll as records for CoreDNS: etcdctl, etcd's client for Go, CoreDNS."""

import json
import os
import pathlib
import time
import unittest

from tests.cluster.nodes import NAME
from tests.cluster.test_cluster_by_hand import CACHE, ByHandCase, build_keep
from tests.support.dnsclient import Dns
from tests.support.processes import REPOSITORY, Process, environment, need_program, run

COREDNS = "v1.14.7"
COREDNS_SECONDS = 900


def record(path, zone="internal/svc"):
    return f"/skydns/{zone}/{path}"


class SkyDnsCase(ByHandCase):
    def put(self, path, value, *options):
        self.etcd.ctl("put", *options, record(path), value if isinstance(value, str) else json.dumps(value))

    def grant(self, seconds):
        return self.etcd.ctl("lease", "grant", str(seconds)).stdout.split()[1]

    def ignored(self, node):
        return node.status()["cluster"]["ignored_keys"]


class RecordsTest(SkyDnsCase):
    def test_a_record_that_is_put_is_on_the_roll_and_gone_when_it_is_deleted(self):
        self.put("web/x1", {"host": "192.0.2.1", "port": 80})
        self.put("web/eu/x2", {"host": "192.0.2.2", "port": 80})
        self.put("web", {"host": "192.0.2.3", "port": 80})
        self.shown_everywhere({"192.0.2.1", "192.0.2.2", "192.0.2.3"})
        for node in self.nodes:
            self.assertEqual({"x1", "x2.eu", "192.0.2.3-80"}, self.api_of(node).ids("web"))
            self.assertEqual({"192.0.2.2"}, self.addresses(node, "eu.web"))
        indexes = {self.api_of(node).call("GET", "/v1/services/web").json["index"] for node in self.nodes}
        self.assertEqual(1, len(indexes), "the same index everywhere")
        self.etcd.ctl("del", "--prefix", record("web"))
        self.shown_everywhere(set())
        self.assertEqual({}, self.etcd.keys(f"/rollcall/{NAME}/imported/"))

    def test_a_lease_of_etcd_decides_its_end_however_it_ends(self):
        ends, revoked, deleted = self.grant(3), self.grant(600), self.grant(600)
        for lease, id, address in (ends, "x1", "192.0.2.1"), (revoked, "x2", "192.0.2.2"), (deleted, "x3", "192.0.2.3"):
            self.put(f"web/{id}", {"host": address, "port": 80, "ttl": 1}, f"--lease={lease}")
        self.shown_everywhere({"192.0.2.1", "192.0.2.2", "192.0.2.3"}, timeout=2)
        self.shown_everywhere({"192.0.2.2", "192.0.2.3"}, timeout=10)
        self.etcd.ctl("lease", "revoke", revoked)
        self.shown_everywhere({"192.0.2.3"})
        self.etcd.ctl("del", record("web/x3"))
        self.shown_everywhere(set())

    def test_without_one_its_ttl_does_and_it_is_back_when_it_is_put_again(self):
        value = {"host": "192.0.2.1", "port": 80, "ttl": 2}
        self.put("web/x1", value)
        self.shown_everywhere({"192.0.2.1"}, timeout=1.5)
        for _ in range(4):
            time.sleep(1)
            self.put("web/x1", value)
            self.assertEqual({"192.0.2.1"}, self.addresses(self.nodes[2], "web"))
        self.shown_everywhere(set(), timeout=15)
        self.assertIn(record("web/x1"), self.etcd.keys(record("")), "it is another program's")
        self.put("web/x1", value)
        self.shown_everywhere({"192.0.2.1"}, timeout=1.5)

    def test_a_record_without_a_lease_and_a_ttl_stays(self):
        self.put("web/x1", {"host": "192.0.2.1", "port": 80})
        self.shown_everywhere({"192.0.2.1"})
        time.sleep(18)  # longer than the usual lease
        self.shown_everywhere({"192.0.2.1"}, timeout=0.5)

    def test_what_breaks_a_rule_is_told_in_the_status_of_every_node_and_no_answer_fails(self):
        self.put("web/good", {"host": "192.0.2.7", "port": 80})
        for id, value in {"name": '{"host":"www.example.net","port":80}', "json": "garbage", "text": '{"text":"hello"}',
                          "port": '{"host":"192.0.2.1","port":"80"}', "huge": json.dumps({"host": "192.0.2.1", "text": "x" * 100_000})}.items():
            self.put(f"web/{id}", value)
        for node in self.nodes:
            self.eventually_equal(5, lambda: self.ignored(node)["count"])
            self.assertEqual(0, node.dns().ask("web.svc.internal").rcode())
        self.shown_everywhere({"192.0.2.7"})
        self.assertEqual(1, len({json.dumps(self.ignored(node)["sentences"]) for node in self.nodes}))
        self.put("web/name", {"host": "192.0.2.8", "port": 80})
        self.shown_everywhere({"192.0.2.7", "192.0.2.8"})
        for node in self.nodes:
            self.eventually_equal(4, lambda: self.ignored(node)["count"])

    def test_the_roll_s_own_instance_wins_and_a_record_follows_it(self):
        api = self.api_of(self.nodes[1])
        api.expect_registered("web", "x1", "192.0.2.1", port=81, ttl="600s")
        self.put("web/x1", {"host": "192.0.2.99", "port": 80})
        for node in self.nodes:
            self.eventually_equal(1, lambda: self.ignored(node)["count"])
        self.shown_everywhere({"192.0.2.1"})
        api.expect_deregistered("web", "x1")
        self.shown_everywhere({"192.0.2.99"}, timeout=10)
        self.assertEqual(0, self.ignored(self.nodes[0])["count"])

    def test_records_that_change_while_the_member_is_away_that_follows_them_are_taken_up_by_the_next(self):
        self.put("web/x1", {"host": "192.0.2.1", "port": 80})
        self.put("web/x2", {"host": "192.0.2.2", "port": 80})
        self.shown_everywhere({"192.0.2.1", "192.0.2.2"})
        first, *self.nodes = self.nodes
        first.process.kill()
        self.etcd.ctl("del", record("web/x1"))
        self.put("web/x3", {"host": "192.0.2.3", "port": 80})
        self.shown_everywhere({"192.0.2.2", "192.0.2.3"}, timeout=30)

    def test_many_records_of_one_revision(self):
        for number in range(200):
            self.put(f"web/m{number}", {"host": "192.0.2.1", "port": number + 1})
        self.eventually_equal(200, lambda: len(self.api_of(self.nodes[2]).ids("web")), timeout=15)
        self.etcd.ctl("del", "--prefix", record("web/m"))
        self.shown_everywhere(set(), timeout=15)


class GoRecordsTest(SkyDnsCase):
    def prepare(self):
        return build_keep(self)

    def test_a_program_that_keeps_its_record_by_etcd_s_client(self):
        endpoints = ",".join(url.removeprefix("http://") for url in self.etcd.endpoints)
        watch = Process("watch", [self.program, endpoints, "watch", "/skydns/"], self.directory)
        self.eventually(lambda: "watching" in watch.stdout(), "it watches")
        kept = Process("kept", [self.program, endpoints, "put", record("web/x1"), '{"host":"192.0.2.1","port":80}', "5"], self.directory)
        self.shown_everywhere({"192.0.2.1"}, timeout=10)
        for _ in range(16):
            time.sleep(0.5)
            self.assertEqual({"192.0.2.1"}, self.addresses(self.nodes[1], "web"))
        self.assertIn(record("web/x1"), run([self.program, endpoints, "get", "/skydns/"]).stdout)
        self.assertEqual(0, kept.stop(), "revoked")
        self.shown_everywhere(set())
        self.eventually(lambda: f"DELETE {record('web/x1')}" in watch.stdout(), "its watch tells of it")
        lost = Process("lost", [self.program, endpoints, "put", record("web/x2"), '{"host":"192.0.2.2","port":80}', "5"], self.directory)
        self.shown_everywhere({"192.0.2.2"}, timeout=10)
        lost.kill()
        self.shown_everywhere(set(), timeout=20)


def build_coredns(case):
    """CoreDNS with the etcd plugin alone, from the Go module proxy; kept in build/interop."""
    go = need_program("go")
    final = CACHE / "coredns-etcd"
    if final.exists():
        return final
    CACHE.mkdir(parents=True, exist_ok=True)
    source = case.directory / "coredns"
    source.mkdir()
    (source / "main.go").write_text((REPOSITORY / "tests/cluster/programs/coredns.go").read_text())
    online = environment(GOCACHE=str(CACHE / "go"), GOPATH=str(CACHE / "gopath"), GO111MODULE="on", GOTOOLCHAIN="local", GOFLAGS="-mod=mod",
                         CGO_ENABLED="0", HOME=os.environ.get("HOME", "/root"))
    binary = CACHE / f"coredns-{os.getpid()}"
    for words in ([go, "mod", "init", "coredns"], [go, "get", f"github.com/coredns/coredns@{COREDNS}"], [go, "build", "-o", binary, "."]):
        try:
            done = run(words, timeout=COREDNS_SECONDS, env=online, cwd=source)
        except Exception as error:
            raise unittest.SkipTest(f"CoreDNS cannot be built here: {error}")
        if done.returncode != 0:
            raise unittest.SkipTest(f"CoreDNS cannot be built here: {done.stderr.strip().splitlines()[-1:]}")
    os.replace(binary, final)
    return final


class MirrorTest(SkyDnsCase):
    def setUp(self):
        self.of_cluster = "mirror_skydns = true\n"
        super().setUp()

    def world(self, *words, **options):
        return super().world(*words, of_cluster=self.of_cluster, **options)

    def mirrored(self):
        return {key.removeprefix(record("")): json.loads(value)["host"] for key, value in self.etcd.keys(record("")).items()}

    def test_ready_instances_are_records_and_are_not_read_back(self):
        api = self.api_of(self.nodes[1])
        api.expect_registered("web", "x1", "192.0.2.1", port=81, ttl="600s")
        api.expect_registered("web", "x2", "192.0.2.2", port=82, ttl="600s")
        self.eventually_equal({"web/x1": "192.0.2.1", "web/x2": "192.0.2.2"}, self.mirrored)
        self.put("web/x3", {"host": "192.0.2.3", "port": 83})
        self.shown_everywhere({"192.0.2.1", "192.0.2.2", "192.0.2.3"})
        self.assertEqual(204, api.call("DELETE", "/v1/services/web/instances/x1").status)
        self.eventually_equal({"web/x2": "192.0.2.2", "web/x3": "192.0.2.3"}, self.mirrored)
        self.assertEqual(200, api.call("POST", "/v1/services/web/instances/x2/drain").status)
        self.eventually_equal({"web/x3": "192.0.2.3"}, self.mirrored)
        time.sleep(1)
        for node in self.nodes:
            self.assertEqual({"x2", "x3"}, self.api_of(node).ids("web"))
            self.assertEqual(0, self.ignored(node)["count"])

    def test_a_mirror_s_record_that_somebody_deletes_is_put_again(self):
        self.api_of(self.nodes[1]).expect_registered("web", "x1", "192.0.2.1", port=81, ttl="600s")
        self.eventually_equal({"web/x1": "192.0.2.1"}, self.mirrored)
        self.etcd.ctl("del", record("web/x1"))
        self.eventually_equal({"web/x1": "192.0.2.1"}, self.mirrored)
        self.shown_everywhere({"192.0.2.1"})


class CoreDnsTest(MirrorTest):
    def prepare(self):
        return build_coredns(self)

    test_ready_instances_are_records_and_are_not_read_back = None
    test_a_mirror_s_record_that_somebody_deletes_is_put_again = None

    def test_coredns_answers_from_the_mirror_what_the_nodes_answer(self):
        corefile = pathlib.Path(self.directory) / "Corefile"
        corefile.write_text(f"svc.internal:5300 {{\n  etcd {{\n    path /skydns\n    endpoint {' '.join(self.etcd.endpoints)}\n  }}\n}}\n")
        coredns = Process("coredns", [self.program, "-conf", corefile], self.directory)
        self.addCleanup(coredns.kill)
        client = Dns("127.0.0.1", 5300)
        api = self.api_of(self.nodes[1])
        for number in range(1, 6):
            api.expect_registered("web", f"x{number}", f"192.0.2.{number}", port=80 + number, ttl="600s")
        expected = {f"192.0.2.{number}" for number in range(1, 6)}
        self.shown_everywhere(expected)
        self.eventually_equal(expected, lambda: self.of_coredns(client), timeout=10)
        api.expect_deregistered("web", "x1")
        self.shown_everywhere(expected - {"192.0.2.1"})
        self.eventually_equal(expected - {"192.0.2.1"}, lambda: self.of_coredns(client), timeout=10)

    def of_coredns(self, client):
        try:
            return client.addresses("web.svc.internal")
        except OSError:
            return None


if __name__ == "__main__":
    unittest.main()
