"""Three minutes in which everything happens to three nodes and three members of etcd, while 200 instances call and observers
look at every node all the time. What is promised in docs/cluster.md holds of all that they saw (checker.py).

A seed is printed; $CLUSTER_SEED begins the same again. long_run.py goes on for hours.
"""

import random
import time

from tests.cluster.case import SEED, ClusterCase


class FaultsTest(ClusterCase):
    def test_no_instance_leaves_early_and_nothing_acknowledged_is_lost_whatever_fails(self):
        # Each node's boot clock began at another time, as on machines of their own.
        world = self.world(clock_offsets={"n2": 100_000, "n3": 7_000_000}, dns_ttl="3s").start()
        faults, dice = self.faults(world), random.Random(SEED)
        world.start_fleet(seed=SEED)
        time.sleep(15)
        a, b, c = dice.sample(list(world.nodes), 3)
        for fault in (
                lambda: faults.kill_node(a),
                lambda: faults.pause_node(b, 3),
                lambda: faults.kill_leader(),
                lambda: faults.cut_from_etcd(c, 6),
                lambda: faults.cut_one_way(a, b, 3),
                lambda: faults.pause_leader(3),
                lambda: faults.pause_node(b, 10),
                lambda: faults.cut_nodes(a, c, 4),
                lambda: faults.defragment_leader(),
                lambda: faults.compact_behind(a, 3),
                lambda: faults.lose_packets(b, 4),
                lambda: faults.lose_quorum(6),
                lambda: faults.blip(c),
                lambda: faults.revoke_leases(),
                lambda: faults.rolling_restart()):
            fault()
            world.forgive()
            time.sleep(3)
        time.sleep(25)
        figures = self.end_and_check(world)
        self.assertGreater(figures.acknowledged, 5000)
        self.assertGreater(figures.failovers, 10)
        self.assertGreater(len(figures.late_in_calm), 10)

    def test_in_calm_all_is_shown_and_gone_within_a_second_or_two(self):
        world = self.world().start()
        world.start_fleet(seed=SEED)
        time.sleep(20)
        figures = self.end_and_check(world)
        refused = {what: count for what, count in figures.statuses.items() if what[1] == 503}
        self.assertEqual({}, refused)
        self.assertGreater(len(figures.late_in_calm), 100)
