"""Rounds of the comparison: zones, three servers over them, and questions until the answers differ without a reason.

    python3 -m tests.differential.rounds [--seed N] [--rounds N] [--questions N] [--keep DIRECTORY]

A round is made from its seed alone; the seed of a difference is printed with it.
"""

import argparse
import collections
import pathlib
import random
import sys
import tempfile

from tests.differential import differences, questions, zones
from tests.differential.peers import start_all
from tests.differential.wire import Question


class Round:
    def __init__(self, directory, seed, count):
        self.seed = seed
        self.directory = pathlib.Path(directory)
        self.count = count
        self.asked = 0
        self.zones = []
        self.explained = collections.Counter()
        self.unexplained = []

    def run(self):
        self.zones = made = zones.Generator(random.Random(self.seed)).make()
        files = {}
        for zone in made:
            files[zone.apex] = self.directory / f"{self.seed}-{zone.apex}zone"
            files[zone.apex].write_text(zone.text())
        peers = start_all(self.directory, files, f"round-{self.seed}", [Question(zone.apex, "SOA") for zone in made])
        try:
            for question in questions.make(random.Random(self.seed + 1), made, self.count):
                self.ask(question, peers)
        finally:
            for peer in peers:
                peer.stop()
        return self

    def ask(self, question, peers):
        for peer in peers:
            peer.send(question)
        ours, *others = [peer.receive() for peer in peers]
        self.asked += 1
        for peer, theirs in zip(peers[1:], others):
            if ours.rcode == theirs.rcode and ours.flags == theirs.flags and ours.sets == theirs.sets \
                    and ours.question == theirs.question and ours.edns == theirs.edns:
                continue
            pair = differences.Pair(question, peer.name, (ours, theirs), self.zones,
                                    lambda asked, peer=peer: (peers[0].ask_tcp(asked), peer.ask_tcp(asked)))
            names, left = differences.explain(pair)
            self.explained.update(f"{peer.name}: {name}" for name in names)
            if left:
                self.unexplained.append(f"seed {self.seed}: {question}: {', '.join(sorted(left))}\n"
                                        f"  Rollcall: {ours}\n  {peer.name}: {theirs}")


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tests.differential.rounds", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--show", type=int, default=10, help="most differences shown")
    parser.add_argument("--keep", help="the directory of zones and logs; a temporary one unless named")
    options = parser.parse_args()
    explained, asked, unexplained = collections.Counter(), 0, []
    with tempfile.TemporaryDirectory(prefix="rollcall-differential-") as temporary:
        for seed in range(options.seed, options.seed + options.rounds):
            done = Round(options.keep or temporary, seed, options.questions).run()
            explained += done.explained
            asked += done.asked
            unexplained += done.unexplained
    print(f"{asked} questions from seed {options.seed}")
    for name, count in explained.most_common():
        print(f"{count:7} {name}")
    print("\n".join(unexplained[:options.show]))
    print(f"{len(unexplained)} unexplained")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
