"""Who answers what while a node, or etcd, is out of reach; and how soon ends are made again."""

import threading
import time

from tests.cluster.case import ClusterCase

EDE_STALE_ANSWER, EDE_NOT_READY = 3, 14
SERVFAIL = 2
LEASE = 3.0


class Heart(threading.Thread):
    """Beats for one instance at one node or another, whoever takes it, until it is ended. `acknowledged`: when."""

    def __init__(self, nodes, service, id):
        super().__init__(daemon=True)
        self.nodes, self.place, self.acknowledged, self.ended = list(nodes), (service, id), [], threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.3):
            for _ in self.nodes:
                try:
                    api = self.nodes[0].api(timeout=0.7)
                    if api.heartbeat(*self.place).status == 200:
                        self.acknowledged.append(time.monotonic())
                        break
                except OSError:
                    pass
                finally:
                    api.close()
                self.nodes.append(self.nodes.pop(0))

    def end(self):
        """The longest time between two acknowledgements."""
        self.ended.set()
        self.join()
        return max(b - a for a, b in zip(self.acknowledged, self.acknowledged[1:]))


class PartitionTest(ClusterCase):
    def started(self, **options):
        world = self.world(**options).start()
        self.api_of(world.nodes["n1"]).expect_registered("web", "kept", "192.0.2.1", ttl="3s")
        return world, list(world.nodes.values())

    def statuses(self, node, seconds, every=0.25):
        return self.keep_beating(node, "web", "kept", seconds, every)

    def test_a_node_cut_from_etcd_refuses_heartbeats_and_says_stale_and_the_others_go_on(self):
        world, (n1, n2, n3) = self.started()
        heart = Heart([n2, n3], "web", "kept")
        for member in world.etcd.members:
            world.network.cut_both("n1", member)
        self.eventually(lambda: self.statuses(n1, 0.1) == [503], "heartbeats are refused", 8)
        self.eventually(lambda: EDE_STALE_ANSWER in self.ede(n1, "web"), "it says Stale Answer", 8)
        self.assertEqual({"192.0.2.1"}, self.addresses(n1, "web"))
        api = self.api_of(n1)
        self.assertEqual(503, api.call("GET", "/readyz").status)
        refused = api.register("web", "new", "192.0.2.9")
        self.assertEqual(503, refused.status, refused)
        self.assertTrue(n2.is_ready() and n3.is_ready())
        self.assertEqual([], self.ede(n2, "web"))
        self.assertEqual({"192.0.2.1"}, self.addresses(n2, "web"))
        for member in world.etcd.members:
            world.network.heal_both("n1", member)
        self.eventually(lambda: self.statuses(n1, 0.1) == [200], "heartbeats are taken again", 40)
        self.eventually_equal([], lambda: self.ede(n1, "web"))
        self.assertLess(heart.end(), LEASE, "nobody noticed")

    def test_without_a_majority_of_etcd_nobody_leaves_and_then_everybody_has_a_full_lease(self):
        world, (n1, n2, n3) = self.started()
        for member in ("e1", "e2"):
            world.etcd.kill(member)
        self.eventually(lambda: self.statuses(n1, 0.1) == [503], "heartbeats are refused", 10)
        time.sleep(2 * LEASE)
        for node in (n1, n2, n3):
            self.assertEqual({"192.0.2.1"}, self.addresses(node, "web"))
            self.assertIn(EDE_STALE_ANSWER, self.ede(node, "web"))
            self.assertEqual(503, self.api_of(node).register("web", "new", "192.0.2.9").status)
        world.etcd.start("e1", "e2")
        self.eventually(lambda: self.statuses(n2, 0.1) == [200], "heartbeats are taken again", 40)
        last = time.monotonic()
        self.assertEqual({"192.0.2.1"}, self.addresses(n3, "web"))
        self.eventually_equal(set(), lambda: self.addresses(n3, "web"), timeout=10 + 2 * LEASE + 10)
        self.assertGreater(time.monotonic() - last, LEASE - 0.3)

    def test_stale_answers_end(self):
        world, (n1, *_) = self.started(of_cluster='stale_for = "6s"')
        for member in world.etcd.members:
            world.network.cut_both("n1", member)
        self.eventually(lambda: EDE_STALE_ANSWER in self.ede(n1, "web"), "it says Stale Answer", 8)
        self.eventually(lambda: n1.dns().ask("web.svc.internal").rcode() == SERVFAIL, "it does not know any more", 15)
        self.assertIn(EDE_NOT_READY, self.ede(n1, "web"))
        for member in world.etcd.members:
            world.network.heal_both("n1", member)
        self.eventually(lambda: n1.dns().ask("web.svc.internal").rcode() == 0, "it answers again", 40)

    def test_a_node_that_nobody_hears_refuses_and_the_others_go_on(self):
        world, (n1, n2, n3) = self.started()
        heart = Heart([n1, n3], "web", "kept")
        world.network.cut_both("n1", "n2")
        world.network.cut_both("n2", "n3")
        self.eventually(lambda: self.statuses(n2, 0.1) == [503], "the one that nobody hears refuses", 15)
        self.assertEqual({200}, set(self.statuses(n1, 2)) | set(self.statuses(n3, 2)))
        # It follows etcd all the same.
        self.api_of(n1).expect_registered("web", "new", "192.0.2.9", ttl="60s")
        self.eventually(lambda: "192.0.2.9" in self.addresses(n2, "web"), "it follows")
        world.network.heal_both("n1", "n2")
        world.network.heal_both("n2", "n3")
        self.eventually(lambda: self.statuses(n2, 0.1) == [200], "it is a member again", 40)
        self.assertLess(heart.end(), LEASE)

    def test_one_direction_cut_is_noticed_too(self):
        world, (n1, n2, n3) = self.started()
        heart = Heart([n1, n3], "web", "kept")
        for other in ("n1", "n3"):
            world.network.cut(other, "n2")  # n2 hears nobody
        self.eventually(lambda: self.statuses(n2, 0.1) == [503], "it refuses", 15)
        self.assertEqual({"192.0.2.1"}, self.addresses(n2, "web"))
        self.assertLess(heart.end(), LEASE)

    # --- how soon ends are made ---

    def end_of_silence(self, node):
        """Seconds from the last heartbeat, which was acknowledged before this call, to the first answer without it."""
        began = time.monotonic()
        self.eventually_equal(set(), lambda: self.addresses(node, "web"), timeout=60, every=0.02)
        return time.monotonic() - began

    def test_after_a_clean_stop_ends_do_not_wait_and_after_a_crash_they_wait_two_sessions_at_most(self):
        world, (n1, n2, n3) = self.started()
        self.assertEqual({200}, set(self.statuses(n2, 1)))
        self.assertEqual(0, n2.stop())
        clean = self.end_of_silence(n3)
        self.assertGreater(clean, LEASE - 0.6)
        n2.start()
        self.api_of(n1).expect_registered("web", "kept", "192.0.2.1", ttl="3s")
        self.assertEqual({200}, set(self.statuses(n2, 1)))
        n2.kill()
        crash = self.end_of_silence(n3)
        self.assertGreater(crash, LEASE - 0.6, "what the killed node heard last counts")
        print(f"\ngone {clean:.2f} s after the last heartbeat and a clean stop, {crash:.2f} s after it and a crash")
        self.assertLess(clean, LEASE + 5)
        self.assertLess(crash, LEASE + 10 + LEASE + 5)

    def test_the_last_of_three_goes_on_alone(self):
        world, (n1, n2, n3) = self.started()
        heart = Heart([n1], "web", "kept")
        n2.kill()
        n3.kill()
        time.sleep(8)
        api = self.api_of(n1)
        api.expect_registered("web", "brief", "192.0.2.2", ttl="1s")
        self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(n1, "web"), timeout=25)
        api.expect_registered("web", "new", "192.0.2.9", ttl="60s")
        self.assertLess(heart.end(), LEASE)
        n2.start(timeout=60)
        self.assertEqual({"192.0.2.1", "192.0.2.9"}, self.addresses(n2, "web"))
