"""What people and other programs put below the cluster's prefix: with etcdctl, and with etcd's client for Go."""

import json
import os
import pathlib
import time

from tests.cluster.case import ClusterCase
from tests.cluster.nodes import NAME
from tests.support.processes import REPOSITORY, Process, environment, need_program, run

GO_SOURCES = pathlib.Path("/usr/share/gocode")  # Debian's golang-etcd-server-dev
CACHE = REPOSITORY / "build/interop"
BUILD_SECONDS = 300


def build_keep(case):
    """The path of programs/keep.go, built from Debian's sources without a network; kept in build/interop."""
    go = need_program("go")
    if not (GO_SOURCES / "src/go.etcd.io/etcd/clientv3").exists():
        case.skipTest("golang-etcd-server-dev is not installed")
    source, final = REPOSITORY / "tests/cluster/programs/keep.go", CACHE / "keep"
    if not final.exists() or final.stat().st_mtime < source.stat().st_mtime:
        CACHE.mkdir(parents=True, exist_ok=True)
        binary = CACHE / f"keep-{os.getpid()}"
        offline = environment(GOCACHE=str(CACHE / "go"), GOPATH=str(GO_SOURCES), GO111MODULE="off", GOPROXY="off",
                              GOTOOLCHAIN="local", GOFLAGS="", CGO_ENABLED="0")
        done = run([go, "build", "-o", binary, source], timeout=BUILD_SECONDS, env=offline)
        case.assertEqual(0, done.returncode, done.stderr)
        os.replace(binary, final)
    return final


class ByHandCase(ClusterCase):
    def setUp(self):
        super().setUp()
        self.program = self.prepare()
        self.cluster = self.world().start()
        self.etcd, self.nodes = self.cluster.etcd, list(self.cluster.nodes.values())

    def prepare(self):
        """What takes long, before the cluster is there."""

    def key(self, id):
        return f"/rollcall/{NAME}/roll/svc.internal/web/{id}"

    def shown_everywhere(self, expected, timeout=5):
        for node in self.nodes:
            self.eventually_equal(expected, lambda: self.addresses(node, "web"), timeout=timeout)


class EtcdctlTest(ByHandCase):
    def test_a_key_that_is_put_is_on_the_roll_and_gone_when_it_is_deleted(self):
        self.etcd.ctl("put", self.key("x1"), '{"address":"192.0.2.1","port":80,"ttl":"600s"}')
        self.shown_everywhere({"192.0.2.1"})
        self.assertEqual({"x1"}, self.api_of(self.nodes[1]).ids("web"))
        self.etcd.ctl("del", self.key("x1"))
        self.shown_everywhere(set())

    def test_it_has_a_lease_by_its_ttl_which_heartbeats_renew(self):
        self.etcd.ctl("put", self.key("x1"), '{"address":"192.0.2.1","port":80,"ttl":"2s"}')
        self.shown_everywhere({"192.0.2.1"}, timeout=1.5)
        self.assertEqual({200}, set(self.keep_beating(self.nodes[1], "web", "x1", 4)))
        last = time.monotonic()
        self.assertEqual({"192.0.2.1"}, self.addresses(self.nodes[2], "web"))
        self.shown_everywhere(set(), timeout=15)
        self.assertGreater(time.monotonic() - last, 1.6)
        self.assertEqual({}, self.etcd.keys(self.key("x1")), "no node hides what is on the roll")

    def test_a_lease_of_etcd_decides_its_end(self):
        lease = self.etcd.ctl("lease", "grant", "6").stdout.split()[1]
        self.etcd.ctl("put", f"--lease={lease}", self.key("x1"), '{"address":"192.0.2.1","port":80,"ttl":"2s"}')
        self.shown_everywhere({"192.0.2.1"})
        for _ in range(8):
            time.sleep(0.5)
            self.assertEqual({"192.0.2.1"}, self.addresses(self.nodes[2], "web"))
        self.shown_everywhere(set(), timeout=15)

    def test_what_is_put_in_one_revision_is_deleted_in_one(self):
        for number in range(300):
            self.etcd.ctl("put", self.key(f"m{number}"), json.dumps({"address": "192.0.2.1", "port": number + 1, "ttl": "600s"}))
        self.eventually_equal(300, lambda: len(self.api_of(self.nodes[0]).ids("web")), timeout=10)
        self.etcd.ctl("del", "--prefix", self.key("m"))
        self.shown_everywhere(set())

    def test_what_breaks_a_rule_is_told_in_the_status_and_disturbs_nobody(self):
        bad = {"bad1": "not json", "bad2": '{"address":"nowhere","port":80}', "bad3": '{"port":80}',
               "bad4": '{"address":"192.0.2.1","port":80,"wieght":2}', "bad5": "x" * 100_000}
        for id, value in bad.items():
            self.etcd.ctl("put", self.key(id), value)
        self.etcd.ctl("put", self.key("good"), '{"address":"192.0.2.7","port":80}')
        self.shown_everywhere({"192.0.2.7"})
        for node in self.nodes:
            status = json.dumps(node.status())
            self.assertEqual([], [id for id in bad if id not in status], status[:2000])
            self.assertTrue(node.is_ready())

    def test_a_key_that_becomes_unreadable_is_off_the_roll_and_back_when_it_is_mended(self):
        good = '{"address":"192.0.2.1","port":80,"ttl":"600s"}'
        self.etcd.ctl("put", self.key("x1"), good)
        self.shown_everywhere({"192.0.2.1"})
        self.etcd.ctl("put", self.key("x1"), "{")
        self.shown_everywhere(set())
        self.etcd.ctl("put", self.key("x1"), good)
        self.shown_everywhere({"192.0.2.1"})


class GoTest(ByHandCase):
    def prepare(self):
        return build_keep(self)

    def keep(self, name, *words):
        process = Process(name, [self.program, ",".join(url.removeprefix("http://") for url in self.etcd.endpoints), *words],
                          self.directory)
        first = "put" if words[0] == "put" else "watching"
        self.eventually(lambda: first in process.stdout() or not process.is_running(), f"{name} says {first}")
        self.assertTrue(process.is_running(), process.stderr())
        return process

    def test_a_lease_that_etcd_s_client_keeps_decides_also_over_the_loss_of_etcd_s_leader(self):
        kept = self.keep("kept", "put", self.key("kept"), '{"address":"192.0.2.1","port":80,"ttl":"1s"}', "5")
        other = self.keep("other", "put", self.key("other"), '{"address":"192.0.2.2","port":80,"ttl":"1s"}', "5")
        self.shown_everywhere({"192.0.2.1", "192.0.2.2"})
        leader = self.etcd.leader()
        self.etcd.kill(leader)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for node in self.nodes:
                self.assertEqual({"192.0.2.1", "192.0.2.2"}, self.addresses(node, "web"))
            time.sleep(0.1)
        self.assertEqual(0, kept.stop())
        self.shown_everywhere({"192.0.2.2"})
        other.kill()
        self.shown_everywhere(set(), timeout=20)

    def test_its_watch_tells_what_is_registered_over_http(self):
        watch = self.keep("watch", "watch", f"/rollcall/{NAME}/roll/")
        api = self.api_of(self.nodes[1])
        api.expect_registered("web", "x1", "192.0.2.1", port=81, tags=["blue"])
        api.expect_deregistered("web", "x1")
        self.eventually(lambda: f"DELETE {self.key('x1')}" in watch.stdout(), "it tells of the deregistration")
        put = next(line for line in watch.stdout().splitlines() if line.startswith(f"PUT {self.key('x1')} "))
        value = json.loads(put.split(" ", 2)[2])
        self.assertEqual(81, value["port"])
        self.assertIn("192.0.2.1", json.dumps(value))
        self.assertIn("blue", value["tags"])
