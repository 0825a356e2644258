"""Rollcall beside Knot and NSD: thousands of random questions over random zones, and no difference without its reason.

$DIFFERENTIAL_SECONDS (30 unless set) is how long, for ROUNDS_MAX rounds at most; $DIFFERENTIAL_SEED where to begin, to repeat what a failure has printed.
"""

import collections
import os
import random
import sys
import time
import unittest

from tests.differential.peers import PROGRAMS
from tests.differential.rounds import Round
from tests.support.case import Case
from tests.support.processes import find_program

SECONDS = float(os.environ.get("DIFFERENTIAL_SECONDS", 30))
QUESTIONS = 1500
ROUNDS_MAX = 40


class KnotAndNsd(Case):
    def test_every_difference_has_its_reason(self):
        if not any(find_program(program) for program in PROGRAMS):
            self.skipTest("neither knotd nor nsd is installed")
        seed = int(os.environ.get("DIFFERENTIAL_SEED") or random.SystemRandom().randrange(1 << 30))
        print(f"seed {seed}", file=sys.stderr)
        explained, asked, until = collections.Counter(), 0, time.monotonic() + SECONDS
        for _ in range(ROUNDS_MAX):
            done = Round(self.directory, seed, QUESTIONS).run()
            explained += done.explained
            asked += done.asked
            self.assertEqual([], done.unexplained[:3], f"{len(done.unexplained)} differences; seed {seed}")
            seed += 1
            if time.monotonic() > until:
                break
        print(f"{asked} questions; " + ", ".join(f"{name} {n}" for name, n in explained.most_common()), file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
