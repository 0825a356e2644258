"""The test case of the cluster tests: a World of its own, and the verdict over what a fleet saw of it."""

import os
import random
import time

from tests.cluster.checker import Bounds, check
from tests.cluster.faults import Faults
from tests.cluster.figures import Figures, report
from tests.cluster.history import load
from tests.cluster.network import need_network_namespaces
from tests.cluster.nodes import need_cluster
from tests.cluster.world import World
from tests.support.case import SIGNS_OF_A_BUG, Case

SEED = int(os.environ.get("CLUSTER_SEED") or random.randrange(1 << 30))


class ClusterCase(Case):
    def setUp(self):
        need_cluster()
        need_network_namespaces()

    def world(self, *words, **options):
        """Nothing of it is started yet; this thread is on the machine of the clients until the test ends."""
        world = World(self.directory, *words, **options)
        self.addCleanup(world.__exit__, None, None, None)
        self.addCleanup(self.assert_no_bug, world)
        return world.__enter__()

    def assert_no_bug(self, world):
        for node in world.nodes.values():
            if node.process is not None:
                log = node.log()
                found = [sign for sign in SIGNS_OF_A_BUG if sign in log]
                self.assertEqual([], found, f"{node.name}: {log[max(0, log.find((found or [''])[0]) - 200):][:6000]}")

    def faults(self, world, seed=SEED):
        print(f"\nCLUSTER_SEED={seed}", flush=True)
        return Faults(world, random.Random(seed))

    def end_and_check(self, world, bounds=Bounds()):
        """The figures, printed; the test fails where anything is wrong."""
        world.end_fleet()
        history = load(world.history, world.faults)
        violations = check(history, bounds)
        print(report(history, violations), flush=True)
        self.assertEqual([], [str(violation) for violation in violations[:5]], f"CLUSTER_SEED={SEED}")
        return Figures(history, violations)

    def ends_with_a_sentence(self, done, *words):
        """Exit 1, and one line on stderr besides the log, which has these words."""
        self.assertEqual(1, done.returncode, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def addresses(self, node, service):
        return node.dns(timeout=1).addresses(f"{service}.svc.internal")

    def ede(self, node, service):
        """The codes of the extended errors of an answer."""
        return [option.code for option in node.dns().ask(f"{service}.svc.internal", payload=1232).options if option.otype == 15]

    def keep_beating(self, node, service, id, seconds, every=0.3):
        """The statuses of its heartbeats; 0 where there was no answer."""
        statuses, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                api = node.api(timeout=2)
                statuses.append(api.heartbeat(service, id).status)
                api.close()
            except OSError:
                statuses.append(0)
            time.sleep(every)
        return statuses
