"""Habits that a machine can hold: small files, nothing half done, named bounds, zone files that load."""

import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("ROLLCALLD") or ROOT / "build/release/bin/rollcalld")
LINES_MAX = 400
HALF_DONE = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")  # in two pieces: this file is read too


def files(*tops, suffixes=None):
    for top in tops:
        for path in sorted((ROOT / top).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and (suffixes is None or path.suffix in suffixes):
                yield path


def text_files(*tops):
    for path in files(*tops):
        raw = path.read_bytes()
        if "corpus" not in path.parts and b"\0" not in raw:
            yield path.relative_to(ROOT).as_posix(), raw.decode("utf-8")


class Files(unittest.TestCase):
    def test_no_file_is_longer_than_400_lines(self):
        long = [f"{name}: {text.count(chr(10))} lines" for name, text in text_files("src", "include", "tests", "tools", "bench")
                if text.count("\n") > LINES_MAX and not name.startswith("bench/results/")]  # measured, not written
        self.assertEqual(long, [])

    def test_nothing_is_left_half_done(self):
        marks = [f"{name}: {found.group()}" for name, text in text_files(
            "src", "include", "tests", "tools", "bench", "docs", "zones")
                 for found in HALF_DONE.finditer(text)]
        self.assertEqual(marks, [])

    def test_every_header_says_first_what_it_is(self):
        silent = [path.relative_to(ROOT).as_posix() for path in files("src", "include", "bench", suffixes={".h"})
                  if not path.read_text().startswith("// ")]
        self.assertEqual(silent, [])

    def test_every_header_is_read_once(self):
        unguarded = [path.relative_to(ROOT).as_posix() for path in files("src", "include", "bench", suffixes={".h"})
                     if "#pragma once" not in path.read_text()]
        self.assertEqual(unguarded, [])

    def test_no_macro_takes_part_in_the_flow_of_control(self):
        macros = [f"{name}: {line}" for name, text in text_files("src", "include", "bench") for line in text.splitlines()
                  if re.match(r"\s*#\s*define\s+\w+\(", line)]
        self.assertEqual(macros, [])

    def test_every_bound_is_kept_somewhere(self):
        limits = (ROOT / "src/base/limits.h").read_text()
        bounds = re.findall(r"\b(k_\w+)\s*(?:=|\{)", limits)
        self.assertGreater(len(bounds), 10)
        sources = "".join(path.read_text() for path in files("src", suffixes={".h", ".cc"}) if path.name != "limits.h")
        # A bound may also be what another bound, a default, is made of.
        unused = [bound for bound in bounds if bound not in sources and limits.count(bound) == 1]
        self.assertEqual(unused, [])


class Zones(unittest.TestCase):
    def test_every_shipped_zone_loads(self):
        zones = sorted((ROOT / "zones").glob("*.zone"))
        self.assertNotEqual(zones, [])
        for zone in zones:
            with self.subTest(zone.name):
                done = subprocess.run([BINARY, "--check", "--zone", f"{zone.stem}={zone}"], capture_output=True,
                                      text=True, timeout=20, cwd=ROOT / "zones")
                self.assertEqual(done.returncode, 0, done.stderr)


class Scripts(unittest.TestCase):
    def test_every_tool_can_be_run(self):
        tools = [path for path in (ROOT / "tools").iterdir() if path.is_file() and path.read_bytes().startswith(b"#!")]
        tools.append(ROOT / ".ci/run")
        self.assertGreater(len(tools), 5)
        self.assertEqual([tool.name for tool in tools if not os.access(tool, os.X_OK)], [])


if __name__ == "__main__":
    unittest.main()
