"""The long run, by hand: faults drawn at random, one after the other and sometimes two at a time, for as long as one likes; then
the verdict.

    ROLLCALLD=build/release/bin/rollcalld /usr/bin/python3 -B tests/cluster/long_run.py [--minutes 60] [--seed N] [--keep DIR]
                                          [--instances 200] [--only WORD]... [--calm S]

Prints every fault as it begins, and at the end the figures. Status 1 when anything promised was not kept. With --keep the
logs and the recorded history stay in DIR; `look_again.py DIR` looks at them again. It has its own network namespaces, so nothing
else on the machine is touched; it takes root.
"""

import argparse
import pathlib
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from tests.cluster.checker import check  # noqa: E402
from tests.cluster.faults import Faults  # noqa: E402
from tests.cluster.figures import report  # noqa: E402
from tests.cluster.history import boot_time, load  # noqa: E402
from tests.cluster.nodes import need_cluster  # noqa: E402
from tests.cluster.world import World  # noqa: E402
from tests.support.case import SIGNS_OF_A_BUG  # noqa: E402

DISK_OCTETS = 64 << 20
QUOTA = "--quota-backend-bytes=67108864"


def drawn(faults, dice):
    """{word: (weight, what it does)}"""
    node, two = faults.random_node, faults.two_nodes
    seconds = lambda *choices: dice.choice(choices)
    return {
        "kill": (3, lambda: faults.kill_node(node(), seconds(0.2, 1, 3, 8))),
        "pause": (4, lambda: faults.pause_node(node(), seconds(1, 2, 4, 6, 10, 20))),
        "blip": (2, lambda: faults.blip(node(), seconds(20, 60))),
        "restart": (3, lambda: faults.restart_node(node(), seconds(0.1, 1, 5))),
        "rolling": (1, lambda: faults.rolling_restart()),
        "cut": (3, lambda: faults.cut_nodes(*two(), seconds(1, 3, 7, 15))),
        "one-way": (3, lambda: faults.cut_one_way(*two(), seconds(1, 3, 7, 15))),
        "from-etcd": (3, lambda: faults.cut_from_etcd(node(), seconds(1, 3, 5, 8, 15))),
        "from-leader": (2, lambda: faults.cut_from_leader(node(), seconds(2, 5, 10))),
        "isolate": (2, lambda: faults.isolate(node(), seconds(2, 5, 10))),
        "lossy": (2, lambda: faults.lose_packets(node(), seconds(5, 15))),
        "etcd-cut": (2, lambda: faults.cut_etcd_member(dice.choice(list(faults.etcd.members)), seconds(3, 8, 15))),
        "leader-kill": (2, lambda: faults.kill_leader(seconds(1, 5))),
        "leader-pause": (2, lambda: faults.pause_leader(seconds(1, 3, 8))),
        "defragment": (1, lambda: faults.defragment_leader()),
        "compact": (1, lambda: faults.compact()),
        "compact-behind": (2, lambda: faults.compact_behind(node(), seconds(2, 4))),
        "revoke": (1, lambda: faults.revoke_leases()),
        "quorum": (1, lambda: faults.lose_quorum(seconds(2, 6, 20))),
        "space": (0.5, lambda: faults.run_out_of_space(seconds(2, 10))),
        "disk": (1, lambda: faults.fill_disk("n1", seconds(2, 10))),
        "clock": (1, lambda: faults.step_wall_clock("n2", seconds(-3600, -2, 2, 3600))),
    }


# Those that start no process: another thread may make them beside any other.
BESIDE = ("pause", "blip", "cut", "one-way", "from-etcd", "isolate", "lossy", "etcd-cut")


class Beside(threading.Thread):
    """Makes one fault of its own while the main thread makes another."""

    def __init__(self, world, seed, only):
        super().__init__(daemon=True)
        dice = random.Random(seed)
        choices = drawn(Faults(world, dice), dice)
        words = [word for word in BESIDE if not only or word in only]
        self.make = choices[dice.choice(words)][1] if words else lambda: None
        self.error = None

    def run(self):
        try:
            self.make()
        except Exception as error:
            self.error = error


def run(words, directory):
    dice = random.Random(words.seed)
    offsets = {"n2": 100_000, "n3": 7_000_000}
    with World(directory, etcd_options=[QUOTA], disks={"n1": DISK_OCTETS}, clock_offsets=offsets, dns_ttl="3s") as world:
        choices = drawn(Faults(world, dice), dice)
        for word in words.only:
            if word not in choices:
                raise SystemExit(f"there is no {word}; there are {', '.join(choices)}")
        try:
            world.nodes["n2"].fake_wall_clock()
        except unittest.SkipTest as reason:
            print(f"without steps of a wall clock: {reason}")
            choices.pop("clock")
        choices = {word: choice for word, choice in choices.items() if not words.only or word in words.only}
        world.start()
        world.start_fleet(instances=words.instances, seed=words.seed)
        time.sleep(words.calm)
        end = boot_time() + words.minutes * 60
        while boot_time() < end:
            word = dice.choices(list(choices), [weight for weight, _ in choices.values()])[0]
            beside = Beside(world, dice.random(), words.only) if dice.random() < words.double else None
            if beside:
                beside.start()
                time.sleep(dice.uniform(0, 4))
            choices[word][1]()
            if beside:
                beside.join()
                if beside.error:
                    raise beside.error
            if not words.unforgiving:
                world.forgive()
            # Mostly one upon the other; sometimes so long that ends are held to the bound of calm.
            time.sleep(words.calm + 30 if dice.random() < 0.1 else dice.uniform(0, 8))
        time.sleep(45)
        world.end_fleet()
        bugs = [f"{name}: {sign}" for name, node in world.nodes.items() for sign in SIGNS_OF_A_BUG if sign in node.log()]
    history = load(world.history, world.faults)
    violations = check(history)
    print(report(history, violations))
    print("\n".join(bugs))
    return 1 if violations or bugs else 0


def main():
    parser = argparse.ArgumentParser(prog="long_run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--calm", type=float, default=20, help="seconds before the first fault")
    parser.add_argument("--only", action="append", default=[], help="these faults alone; may be given several times")
    parser.add_argument("--double", type=float, default=0.3, help="how often two faults come at a time, 0 to 1")
    parser.add_argument("--unforgiving", action="store_true", help="nodes that crash often stay away longer, as they do in life")
    parser.add_argument("--keep", type=pathlib.Path)
    words = parser.parse_args()
    print(f"seed {words.seed}", flush=True)
    try:
        need_cluster()
        if words.keep:
            words.keep.mkdir(parents=True)
            return run(words, words.keep.absolute())
        with tempfile.TemporaryDirectory(prefix="rollcall-long-run-") as directory:
            return run(words, pathlib.Path(directory))
    except unittest.SkipTest as reason:
        print(f"skipped: {reason}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
