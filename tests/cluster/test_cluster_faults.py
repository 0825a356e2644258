"""Three minutes in which everything happens to three nodes and three members of etcd, while instances call and observers look
at every node all the time. What is promised in docs/cluster.md holds of all that they saw (checker.py).

A seed is printed; $CLUSTER_SEED begins the same again. long_run.py goes on for hours. How late the machine itself is, is measured
beside the cluster, and added to the bounds of time (pulse.py): a machine with other loads makes the run no failure.
"""

import random
import time

from tests.cluster.case import SEED, ClusterCase
from tests.cluster.history import load
from tests.cluster.ledger import SLOW_SECONDS
from tests.cluster.pulse import share_of_a_core

CALM_SECONDS = 12  # before the first fault
REST_SECONDS = 2  # after each


def instances_for(share):
    """As many as leave the nodes something of the cores."""
    return 200 if share > 0.8 else 120 if share > 0.5 else 60


class FaultsTest(ClusterCase):
    def test_no_instance_leaves_early_and_nothing_acknowledged_is_lost_whatever_fails(self):
        # Each node's boot clock began at another time, as on machines of their own.
        world = self.world(clock_offsets={"n2": 100_000, "n3": 7_000_000}, dns_ttl="3s").start()
        faults, dice = self.faults(world), random.Random(SEED)
        instances = instances_for(share_of_a_core())
        world.start_fleet(instances=instances, seed=SEED)
        time.sleep(CALM_SECONDS)
        a, b, c = dice.sample(list(world.nodes), 3)
        for fault in (
                lambda: faults.kill_node(a),
                lambda: faults.pause_node(b, 3),
                lambda: faults.kill_leader(),
                lambda: faults.cut_from_etcd(c, 6),
                lambda: faults.cut_one_way(a, b, 3),
                lambda: faults.pause_leader(3),
                lambda: faults.pause_node(b, 8),
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
            time.sleep(REST_SECONDS)
        time.sleep(20)
        figures = self.end_and_check(world)
        # The run was one: clients were answered, refused, and answered by another node; leases ended.
        self.assertGreater(figures.acknowledged, 10 * instances)
        self.assertGreater(figures.failovers, 0)
        self.assertGreater(len(figures.late), 10)
        self.assert_nobody_is_refused_in_calm(world, figures)

    def assert_nobody_is_refused_in_calm(self, world, figures):
        history = load(world.history, world.faults)
        first = history.faults[0].began
        if max(delay.seconds for delay in history.delays if delay.began < first) < SLOW_SECONDS:
            self.assertEqual([], [op for op in history.ops if op.done < first and op.status == 503])
        if max(figures.delays) < SLOW_SECONDS:
            self.assertGreater(len(figures.late_in_calm), 10)
