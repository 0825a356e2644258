"""Space and time run out: etcd's quota, a node's disk, a wall clock that steps, and an etcd restored from a snapshot."""

import time

from tests.cluster.case import ClusterCase

DISK_OCTETS = 6 << 20


class SpaceTest(ClusterCase):
    def test_out_of_space_etcd_takes_ends_only_and_all_goes_on_after_the_cure(self):
        world = self.world(etcd_options=["--quota-backend-bytes=8388608"]).start()
        n1, n2, n3 = world.nodes.values()
        api = self.api_of(n1)
        api.expect_registered("web", "kept", "192.0.2.1", ttl="3s")
        api.expect_registered("web", "brief", "192.0.2.2", ttl="3s")
        world.etcd.fill()
        self.eventually(lambda: api.register("web", "new", "192.0.2.3").status == 503, "registrations are refused", 20)
        # A heartbeat is never stored: it goes on, at every node, for longer than its lease; the other's end is a delete, and passes.
        self.assertEqual({200}, set(self.keep_beating(n2, "web", "kept", 5)))
        self.eventually_equal({"192.0.2.1"}, lambda: self.beaten_addresses(n3), timeout=20)
        self.assertEqual(204, api.deregister("web", "kept").status)
        world.etcd.cure_space()
        self.eventually(lambda: api.register("web", "new", "192.0.2.3").status == 201, "registrations are taken again", 20)
        for node in world.nodes.values():
            self.eventually_equal({"192.0.2.3"}, lambda: self.addresses(node, "web"), timeout=5)

    def beaten_addresses(self, node):
        self.keep_beating(node, "web", "kept", 0.3)
        return self.addresses(node, "web")

    def test_a_node_whose_disk_is_full_goes_on_and_catches_up_from_etcd(self):
        world = self.world(disks={"n1": DISK_OCTETS}).start()
        n1, n2, _ = world.nodes.values()
        faults = self.faults(world)
        world.start_fleet(instances=50)
        time.sleep(3)
        faults.fill_disk("n1", 10)
        faults.kill_node("n1")
        time.sleep(20)
        self.end_and_check(world)

    def test_a_wall_clock_that_steps_by_an_hour_changes_nothing(self):
        world = self.world()
        world.nodes["n2"].fake_wall_clock()
        world.start()
        faults = self.faults(world)
        world.start_fleet(instances=50)
        time.sleep(5)
        faults.step_wall_clock("n2", 3600)
        faults.step_wall_clock("n2", -3600)
        time.sleep(5)
        self.end_and_check(world)


class RestoreTest(ClusterCase):
    def test_a_restored_snapshot_with_raised_indexes_is_what_all_nodes_show(self):
        world = self.world().start()
        n1, n2, n3 = world.nodes.values()
        api = self.api_of(n1)
        api.expect_registered("web", "before", "192.0.2.1")
        world.etcd.save(self.directory / "snapshot")
        for number in range(50):
            after = api.expect_registered("web", "after", "192.0.2.2", weight=number + 1)
        for node in world.nodes.values():
            self.assertEqual(0, node.stop())
        world.etcd.stop_all()
        world.etcd.restore(self.directory / "snapshot")
        world.etcd.start().wait_until_ready()
        n1.start("--restored")
        n2.start()
        n3.start()
        for node in world.nodes.values():
            self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(node, "web"), timeout=10)
        again = self.api_of(n2).expect_registered("web", "again", "192.0.2.3")
        self.assertGreater(again["index"], after["index"], "an index never comes twice")

    def test_a_history_that_went_back_under_running_nodes_is_noticed(self):
        world = self.world().start()
        n1 = world.nodes["n1"]
        api = self.api_of(n1)
        api.expect_registered("web", "before", "192.0.2.1", ttl="3s")
        world.etcd.save(self.directory / "snapshot")
        for number in range(30):
            api.expect_registered("web", "after", "192.0.2.2", weight=number + 1, ttl="600s")
        world.etcd.stop_all()
        world.etcd.restore(self.directory / "snapshot", token="other")
        world.etcd.start().wait_until_ready()
        # All nodes show one and the same roll again, and take changes.
        self.eventually(lambda: self.registers(n1), "it takes registrations", 60, every=0.5)
        for node in world.nodes.values():
            self.eventually(lambda: "192.0.2.9" in self.addresses(node, "web"), f"{node.name} follows", 60)
        shown = {name: self.addresses(node, "web") for name, node in world.nodes.items()}
        self.assertEqual(1, len({frozenset(each) for each in shown.values()}), shown)

    def registers(self, node):
        api = node.api(timeout=3)
        try:
            return api.register("web", "new", "192.0.2.9").status in (200, 201)
        except OSError:
            return False
        finally:
            api.close()
