"""The arithmetic of tools/bench: medians, ratios, targets, tables and pictures; its command line; every part has a face."""

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import types
import unittest
import xml.dom.minidom
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/lib"), str(ROOT)]
from bench import cluster, counts, masses  # noqa: E402
from bench.harness import command, cpu, load, plot, report, roll, rounds, tables  # noqa: E402


def some_report():
    made = report.Report("dns", "a & b", {"processor": "P", "cores": 2, "kernel": "6", "commit": "c"}, {"rounds": 3})
    taken = {"rollcalld": {"cpu": rounds.Series([3.0, 3.2, 3.1])}, "nsd": {"cpu": rounds.Series([4.0, 3.2, 3.1])}}
    made.add("A", taken, {"cpu": "µs"})
    made.ratio("CPU per A answer", "A", "cpu", "rollcalld", "nsd", at_most=0.97)
    made.bound("answers", [5, 7, 9], "/s", at_least=6)
    made.bound("p99", [5, 7, 9], "ms", at_most=6)
    return made


class Arithmetic(unittest.TestCase):
    def test_the_median_is_the_middle_one_or_between_the_middle_two(self):
        self.assertEqual(rounds.Series([9, 1, 4]).median, 4)
        self.assertEqual(rounds.Series([9, 1, 4, 6]).median, 5)
        self.assertEqual((rounds.Series([9, 1, 4]).low, rounds.Series([9, 1, 4]).high), (1, 9))

    def test_a_ratio_is_of_medians_and_its_spread_of_rounds(self):
        ratio = rounds.Series([2, 3, 10]) / rounds.Series([1, 2, 4])
        self.assertEqual((ratio.median, ratio.low, ratio.high), (1.5, 1.5, 2.5))

    def test_a_percentile_is_the_smallest_value_that_so_many_are_not_above(self):
        values = list(range(100, 0, -1))
        self.assertEqual([rounds.percentile(values, p) for p in (1, 50, 99, 100)], [1, 50, 99, 100])
        self.assertEqual(rounds.percentile([7], 99), 7)

    def test_everybody_has_a_turn_in_each_round_and_the_first_turn_does_not_count(self):
        turns, counted = [], []

        def once(subject):
            turns.append(subject)
            counted.append(len(turns))
            return {"turn": len(turns)}

        taken = rounds.in_turn({"a": "a", "b": "b"}, once, 3)
        self.assertEqual("".join(turns), "ab" "ab" "ba" "ab")
        self.assertEqual(taken["a"]["turn"].values, [3, 6, 7])
        self.assertEqual(taken["b"]["turn"].values, [4, 5, 8])

    def test_cpu_time_is_that_of_children_too(self):
        child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            self.assertIn(child.pid, cpu.family(os.getpid()))
            with cpu.Meter(child) as used:
                begun = cpu.seconds(child.pid)
                while cpu.seconds(child.pid) < begun + 0.05:
                    self.assertIsNone(child.poll())
            self.assertGreaterEqual(used.seconds, 0.05)
            self.assertGreaterEqual(cpu.seconds(os.getpid()), 0.05)
        finally:
            child.kill()
            child.wait()


class Reports(unittest.TestCase):
    def test_a_target_is_met_on_its_limit_and_missed_beyond(self):
        def target(value, limit, is_ceiling):
            return report.Target("t", value, value, value, "", limit, is_ceiling).is_met

        self.assertEqual([target(v, 2, True) for v in (1, 2, 3)], [True, True, False])
        self.assertEqual([target(v, 2, False) for v in (1, 2, 3)], [False, True, True])

    def test_ratios_and_bounds_come_to_verdicts(self):
        ratio, least, most = some_report().targets
        self.assertAlmostEqual(ratio.value, 3.1 / 3.2)
        self.assertEqual((ratio.is_met, least.is_met, most.is_met), (True, True, False))
        self.assertIn("MISSED p99", "\n".join(report.lines(some_report().as_json())))

    def test_numbers_have_the_digits_that_matter(self):
        self.assertEqual([report.number(v) for v in (0, 12, 3.14159, 0.957, 123.45, 1234567.8)],
                         ["0", "12", "3.14", "0.957", "123.5", "1,234,568"])

    def test_a_report_survives_json_and_becomes_a_picture_and_tables(self):
        read = json.loads(json.dumps(some_report().as_json()))
        xml.dom.minidom.parseString(plot.svg(read))
        text = tables.markdown(read)
        self.assertIn("| A, rollcalld | 3.1 |", text)
        self.assertIn("| p99 | ≤ 6 ms | 7 ms | 5 – 9 | **missed** |", text)

    def test_the_documents_tables_are_those_of_the_results(self):
        document = command.DOCUMENT.read_text()
        self.assertEqual(tables.fill(document, command.RECORDED), document, "tools/bench --tables writes them anew")

    def test_tables_fill_their_places_and_leave_the_rest(self):
        document = "a\n<!-- results: none -->\nold\n<!-- end of results -->\nb\n"
        self.assertEqual(tables.fill(document, ROOT / "nowhere"),
                         f"a\n<!-- results: none -->\n{tables.NOTHING}<!-- end of results -->\nb\n")


class Loads(unittest.TestCase):
    def test_loads_on_several_cores_are_added_up(self):
        one = {"answers": 100, "rate": 50.0, "lost": 1, "p99_us": 7.0, "cpu_seconds": 0.5, "cpu_us": 5000.0}
        two = {"answers": 300, "rate": 150.0, "lost": 0, "p99_us": 9.0, "cpu_seconds": 0.4, "cpu_us": 1333.3}
        self.assertEqual(load.added([one, two]), {"answers": 400, "rate": 200.0, "lost": 1, "p99_us": 9.0,
                                                  "cpu_seconds": 0.5, "cpu_us": 1250.0})

    def test_the_words_of_dnsperf_are_read(self):
        said = ("  Queries completed:    134810 (100.00%)\n  Queries lost:         3 (0.00%)\n\n"
                "  Queries per second:   134809.123\n  Average Latency (s):  0.001482 (min 0.0, max 0.1)\n")
        found = {name: float(re.search(pattern, said)[1]) for name, pattern in load.DNSPERF.items()}
        self.assertEqual(found, {"answers": 134810, "lost": 3, "rate": 134809.123, "mean": 0.001482})

    def test_the_peers_have_the_names_that_are_asked(self):
        small = roll.Roll(2, each=2)
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "zone"
            self.assertEqual(small.zone_file(file), {"svc.internal": file})
            records = file.read_text().splitlines()
            asked = small.questions(Path(directory) / "q", "SRV").read_text().split()
        self.assertEqual(asked, ["_s0._tcp.svc.internal", "SRV", "_s1._tcp.svc.internal", "SRV"])
        self.assertIn("_s1._tcp SRV 1 1 8080 i1.s1", records)
        self.assertIn("i1.s1 A 10.0.0.3", records)
        self.assertIn("s1 A 10.0.0.3", records)


class Counts(unittest.TestCase):
    """The guard of instruction counts."""

    LAST = {"tools": {"g++": "12"}, "counts": {"query-a": 1000, "query-srv": 2000}}

    def compared(self, found, tools):
        run = types.SimpleNamespace(report=some_report())
        run.report.targets.clear()
        return counts.compare(run, found, self.LAST, tools), run.report

    def test_five_percent_dearer_is_too_much_and_one_operation_is_enough(self):
        same = {"g++": "12"}
        self.assertEqual(self.compared({"query-a": 1050, "query-srv": 1500}, same)[0], 0)
        status, made = self.compared({"query-a": 1051, "query-srv": 1500}, same)
        self.assertEqual(status, 1)
        self.assertEqual([target.sentence for target in made.targets],
                         ["query-a: +5.1 % since 1,000", "query-srv: -25.0 % since 2,000"])

    def test_what_has_no_last_figure_and_another_compiler_are_told(self):
        status, made = self.compared({"new": 7}, {"g++": "13"})
        self.assertEqual(status, 0)
        self.assertIn("new has no last figure", made.notes[0])
        self.assertIn("made with g++ 12, these with g++ 13", made.notes[1])

    def test_every_operation_has_a_last_figure(self):
        self.assertEqual(json.loads(counts.FIGURES.read_text())["counts"].keys(), counts.CASES.keys())


class Clusters(unittest.TestCase):
    def test_the_longest_gap_is_between_neighbours(self):
        self.assertEqual(cluster.longest_gap([1, 2, 5, 6]), 3)

    def test_figures_are_of_one_operation_and_of_a_second(self):
        found = cluster.figures(etcd=0.5, own=1.5, elapsed=4, count=1000)
        self.assertEqual((found["CPU of etcd"], found["CPU of nodes or client"], found["rate"], found["worth"]),
                         (500, 1500, 250, 500))

    def test_loads_share_all_instances_and_none_twice(self):
        with tempfile.TemporaryDirectory() as directory:
            files = cluster.shares(types.SimpleNamespace(directory=Path(directory)), 10, 3, "x")
            ids = [id for file in files for id in re.findall(r'"id":"(i\d+)"', file.read_text())]
        self.assertEqual(sorted(ids), sorted(f"i{n}" for n in range(10)))

    def test_an_unknown_measurement_is_refused(self):
        run = types.SimpleNamespace(arguments=types.SimpleNamespace(only=["nothing"]))
        for part, first in ((cluster, "registrations, "), (masses, "beats, ")):
            with self.assertRaisesRegex(AssertionError, f"there is no nothing; there are {first}"):
                part.measure(run)

    def test_instances_that_move_keep_their_ids(self):
        with tempfile.TemporaryDirectory() as directory:
            run = types.SimpleNamespace(directory=Path(directory))
            [before] = [file.read_text() for file in cluster.shares(run, 5, 1, "x")]
            [after] = [file.read_text() for file in cluster.shares(run, 5, 1, "x", moved_by=5)]
        self.assertEqual(re.findall(r'"id":"(i\d+)"', before), re.findall(r'"id":"(i\d+)"', after))
        self.assertFalse(set(re.findall(r'"address":"([^"]+)"', before)) & set(re.findall(r'"address":"([^"]+)"', after)))

    def test_a_session_that_began_anew_is_not_kept(self):
        self.assertEqual(1, masses.kept({"n1": 5, "n2": 6, "n3": 7}, {"n1": 5, "n2": 9}))


class CommandLine(unittest.TestCase):
    def refused(self, *words):
        done = subprocess.run([ROOT / "tools/bench", *words], capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        return done.stderr

    def test_an_unknown_part_is_one_sentence(self):
        self.assertRegex(self.refused("nothing"), r'\Atools/bench: there is no part "nothing"; there are [^\n]*\n\Z')

    def test_arguments_must_say_whose_they_are(self):
        self.assertRegex(self.refused("checks", "watch", "--count", "3"), r"\Atools/bench: whose is --count\?[^\n]*\n\Z")

    def test_no_median_without_a_round(self):
        self.assertIn("must be 1 or more, not 0", self.refused("checks", "--rounds", "0"))

    def test_arguments_go_to_their_parts(self):
        (one, _, first), (two, _, second) = command.chosen(["checks --count 5", "watch"], [], ["--rounds", "2"])
        self.assertEqual((one, two, first.count, first.rounds, second.rounds), ("checks", "watch", 5, 2, 2))
        self.assertEqual(command.chosen(["checks"], ["--count", "7"], [])[0][2].count, 7)
        self.assertGreaterEqual({name for name, _, _ in command.chosen(["all"], [], [])}, {"checks", "watch"})

    def test_every_part_says_what_it_measures_and_can_be_told_to(self):
        for name in command.part_names():
            with self.subTest(name):
                self.assertRegex(command.summary(name), r"\A[A-Z].{20,130}\.\Z")
                self.assertTrue(callable(importlib.import_module(f"bench.{name}").measure))


if __name__ == "__main__":
    unittest.main()
