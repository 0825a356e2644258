"""The cases of tests/conformance/README.md: all there, each with tests that are there; and each conformance test in it."""

import re
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CASES = {"H": 12, "C": 9, "N": 10, "K": 4, "T": 10, "A": 11, "W": 6, "CN": 6, "DN": 1, "D": 3, "S": 5, "Z": 7, "E": 18,
         "G": 6, "U": 4, "P": 10}


class Conformance(unittest.TestCase):
    def setUp(self):
        text = (TESTS / "conformance/README.md").read_text()
        self.rows = re.findall(r"^\| ([A-Z]+\d+) \| (.*?) \| (.*?) \|$", text, re.M)
        self.paths = {row: re.findall(r"`(.*?)`", tests) for row, _, tests in self.rows}

    def test_every_case_has_one_row(self):
        expected = [f"{letters}{number}" for letters, count in CASES.items() for number in range(1, count + 1)]
        self.assertEqual(expected, [row for row, _, _ in self.rows])

    def test_every_case_has_a_test_that_exists(self):
        missing = [f"{row}: {path}" for row, paths in self.paths.items() for path in paths or ["no test"]
                   if not (TESTS / path).is_file()]
        self.assertEqual([], missing)

    def test_every_conformance_test_belongs_to_a_case(self):
        listed = {path for paths in self.paths.values() for path in paths}
        found = {path.relative_to(TESTS).as_posix() for path in (TESTS / "conformance").glob("*/*_test.cc")}
        self.assertEqual(set(), found - listed)

    def test_every_conformance_test_is_named_by_its_clause(self):
        nameless = [f"{path.name}: {name}" for path in (TESTS / "conformance").glob("*/*_test.cc")
                    for name in re.findall(r'TEST_CASE\("(.*?)"', path.read_text()) if not name.startswith("RFC ")]
        self.assertEqual([], nameless)
