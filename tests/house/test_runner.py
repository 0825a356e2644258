"""The runner of the tests counts what the programs say, and never calls a bad end a success."""

import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools/lib"))
import run_tests  # noqa: E402
from run_tests import Count, count, skip_reasons  # noqa: E402


class Counting(unittest.TestCase):
    def test_catch_programs_of_both_generations_are_counted_by_their_cases(self):
        self.assertEqual(count("All tests passed (12 assertions in 3 test cases)\n", 0), Count(3, 0, 0))
        self.assertEqual(count("All tests passed (1 assertion in 1 test case)\n", 0), Count(1, 0, 0))
        self.assertEqual(count("test cases: 12 | 11 passed | 1 failed\nassertions: 9 | 8 passed | 1 failed\n", 1),
                         Count(11, 1, 0))
        self.assertEqual(count("test cases:  3 |  2 passed | 1 skipped\n", 0), Count(2, 0, 1))

    def test_unittest_programs_are_counted_by_their_tests(self):
        self.assertEqual(count("Ran 4 tests in 0.1s\n\nOK\n", 0), Count(4, 0, 0))
        self.assertEqual(count("Ran 6 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=1)\n", 1), Count(2, 3, 1))

    def test_a_program_that_says_nothing_is_one_test(self):
        self.assertEqual(count("", 0), Count(1, 0, 0))
        self.assertEqual(count("", 1), Count(0, 1, 0))

    def test_a_program_that_says_it_skipped_has_not_passed(self):
        self.assertEqual(count("skipped: knotd is not installed\n", 0), Count(0, 0, 1))
        self.assertEqual(count("skipped: knotd is not installed\n", 1), Count(0, 1, 0))
        self.assertEqual(skip_reasons("skipped: knotd is not installed\n"), ["knotd is not installed"])

    def test_a_bad_end_after_good_words_is_a_failure(self):
        self.assertEqual(count("All tests passed (12 assertions in 3 test cases)\nLeakSanitizer: …\n", 1), Count(3, 1, 0))
        self.assertEqual(count("Ran 4 tests in 0.1s\n\nOK\n", -11), Count(4, 1, 0))

    def test_a_skipped_test_tells_why(self):
        said = "test_a (m.C.test_a) ... skipped 'haproxy is not installed'\ntest_b (m.C.test_b) ... ok\n"
        self.assertEqual(skip_reasons(said), ["haproxy is not installed"])

    def test_the_last_line_names_skips_only_where_there_were_any(self):
        self.assertEqual(str(Count(3, 0, 0)), "3 passed, 0 failed")
        self.assertEqual(str(Count(3, 1, 2)), "3 passed, 1 failed, 2 skipped")


class Words(unittest.TestCase):
    def wanted(self, *words):
        return run_tests.wanted_parts(list(words), self.fail)

    def test_without_words_what_takes_longest_for_its_worth_is_left_out(self):
        self.assertEqual(self.wanted(), run_tests.DEFAULT_PARTS)
        self.assertEqual(set(self.wanted("all")) - set(self.wanted()), {"cluster", "clients", "threads", "nodes", "clang"})
        self.assertEqual([part for part in self.wanted() if part.startswith("cluster/")],
                         [f"cluster/{suite}" for suite in run_tests.CLUSTER_SUITES])

    def test_groups_parts_and_single_suites_are_named_alike(self):
        self.assertEqual(self.wanted("quick", "hostile/defence", "unit"), ["unit", "hostile/defence"])
        self.assertEqual(self.wanted("unit/test_net"), ["unit/test_net"])

    def test_a_word_that_names_nothing_is_refused(self):
        for word in ("units", "hostile/defense", "unit/test_nothing", "sanitizers/test_net", "house/"):
            with self.subTest(word):
                said = []
                run_tests.wanted_parts([word], said.append)
                self.assertRegex(said[0], f"^there is no part {word};")


class Ends(unittest.TestCase):
    def sleepers(self, mark):
        return [stat for stat in Path("/proc").glob("[0-9]*/cmdline") if mark in self.words(stat)]

    def words(self, path):
        try:
            return path.read_bytes().split(b"\0")
        except OSError:
            return []

    def test_what_a_suite_leaves_behind_ends_with_it_and_nothing_else_does(self):
        other = subprocess.Popen(["sleep", "61.5"], start_new_session=True)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        said, status, _ = run_tests.execute(run_tests.Suite("left", ["sh", "-c", "setsid sleep 62.5 & echo done"]))
        self.assertEqual((said, status), ("done\n", 0))
        self.assertEqual(self.sleepers(b"62.5"), [])
        self.assertIsNone(other.poll())

    def test_a_suite_that_is_not_done_in_time_has_failed_and_is_gone(self):
        slow = run_tests.Suite("slow", ["sh", "-c", "setsid sleep 63.5 & sleep 63.5"], seconds_max=1)
        said, status, _ = run_tests.execute(slow)
        self.assertEqual((said.strip(), status), ("stopped: not done after 1 s", 124))
        self.assertEqual(self.sleepers(b"63.5"), [])

    def test_a_suite_ended_by_a_signal_says_which_and_one_that_is_not_there_says_so(self):
        said, status, _ = run_tests.execute(run_tests.Suite("crash", ["sh", "-c", "kill -SEGV $$"]))
        self.assertEqual((said.strip(), status), ("ended by SIGSEGV", 128 + 11))
        said, status, _ = run_tests.execute(run_tests.Suite("absent", ["/no/such/program"]))
        self.assertEqual((said, status), ("/no/such/program: No such file or directory\n", 127))

    def test_suites_side_by_side_have_lanes_of_their_own(self):
        suites = [run_tests.Suite(str(number), ["sh", "-c", "echo $ROLLCALL_TEST_LANE; sleep 0.3"]) for number in range(4)]
        ended = list(run_tests.execute_side_by_side(suites))
        self.assertEqual({suite.name for suite, _ in ended}, {"0", "1", "2", "3"})
        self.assertEqual({outcome[0] for _, outcome in ended}, {"0/2\n", "1/2\n"})


if __name__ == "__main__":
    unittest.main()
