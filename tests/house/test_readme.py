"""What the documents show is what happens: their sessions are run, their configurations read by the programs they are for.

In README.md and docs/*.md a comment before a fenced block says what is done with it:

    <!-- run -->                      a session: every `$ ` line is run against a fresh server, in the document's order, and
                                      must print the lines below it; … in them stands for anything
    <!-- check: haproxy -c -f FILE -->   a file: the command must accept it

Ports 8500 and 8600 become those of the server under test, and `rollcall` asks that one.
"""

import os
import re
import shlex
import subprocess
import unittest

from tests.support.case import Case
from tests.support.cli import ROLLCALL
from tests.support.processes import REPOSITORY, environment, find_program
from tests.support.rollcall import BINARY

BLOCK = re.compile(r"^<!-- (run|check: [^\n]+) -->\n```\w*\n(.*?)^```$", re.M | re.S)
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
PATH = re.compile(r"`((?:src|tests|tools|docs|zones)/[\w./-]+)`")
IDENTIFIER = re.compile(r"\b(base|dns|registry|store|answer|api|net|ops|rcu)::(\w+)(?:::(\w+))?")
README_LINES_MAX = 180
COMMAND = re.compile(r"(?:`|^|^\$ )rollcall ([a-z]+)", re.M)
METRIC = re.compile(r"`(rollcall_\w+_(?:total|seconds|bytes))`")
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def sessions(document):
    return [text for kind, text in BLOCK.findall(document.read_text()) if kind == "run"]


def configurations(document):
    for kind, text in BLOCK.findall(document.read_text()):
        if kind.startswith("check: "):
            yield shlex.split(kind.removeprefix("check: ")), text


def steps(session):
    """(command, what it should print) of each `$ ` line; a command goes on after a backslash."""
    for step in re.split(r"^\$ ", session, flags=re.M)[1:]:
        command, expected = re.match(r"((?:[^\n]*\\\n)*[^\n]*\n)(.*)", step, re.S).groups()
        yield command, expected


def matches(expected, printed):
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.S) is not None


class Documents(Case):
    maxDiff = None

    def test_sessions_print_what_the_documents_show(self):
        for document in DOCUMENTS:
            if not sessions(document):
                continue
            server = self.server("--zone", f"svc.internal={REPOSITORY / 'zones/svc.internal.zone'}", name=document.stem)
            for session in sessions(document):
                for command, expected in steps(session):
                    with self.subTest(document=document.name, command=command):
                        self.run_step(server, command, expected)
            server.stop()
            server.database.unlink()

    def run_step(self, server, command, expected):
        here = command.replace("8500", str(server.http_port)).replace("8600", str(server.dns_port))
        done = subprocess.run(["bash", "-c", here], capture_output=True, text=True, timeout=30, cwd=self.directory,
                              stdin=subprocess.DEVNULL, env=self.environment_of(server))
        printed = done.stdout.replace(str(server.http_port), "8500").replace(str(server.dns_port), "8600")
        if not matches(expected, printed):
            self.assertEqual(printed + done.stderr, expected)

    def environment_of(self, server):
        """In which `rollcall` is found, and asks the server under test."""
        programs = f"{ROLLCALL.parent}:{BINARY.parent}:{os.environ.get('PATH', os.defpath)}"
        return environment(PATH=programs, ROLLCALL_HTTP=f"127.0.0.1:{server.http_port}")

    def test_configurations_are_accepted_by_the_programs_they_are_for(self):
        for document in DOCUMENTS:
            for command, text in configurations(document):
                with self.subTest(document=document.name, command=command):
                    program = find_program(command[0])
                    if program is None:
                        self.skipTest(f"{command[0]} is not installed")
                    file = self.directory / "file"
                    file.write_text(text)
                    words = [program, *(str(file) if word == "FILE" else word for word in command[1:])]
                    done = subprocess.run(words, capture_output=True, text=True, timeout=30, env=environment())
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_readme_has_sessions_and_the_documents_have_configurations_to_hold_them_to(self):
        self.assertTrue(sessions(DOCUMENTS[0]))
        self.assertTrue([found for document in DOCUMENTS for found in configurations(document)])

    def test_the_readme_is_read_in_five_minutes_and_names_every_document(self):
        text = DOCUMENTS[0].read_text()
        self.assertLessEqual(text.count("\n"), README_LINES_MAX)
        unnamed = [document.name for document in DOCUMENTS[1:] if f"docs/{document.name}" not in text]
        self.assertEqual(unnamed, [])

    def test_every_tool_the_documents_name_is_there(self):
        for document in DOCUMENTS:
            for block in FENCE.findall(document.read_text()):
                for word in re.findall(r"^(?:\./)?(tools/[\w-]+)", block, re.M):
                    self.assertTrue((REPOSITORY / word).exists(), f"{document.name}: {word}")

    def test_every_link_between_the_documents_leads_somewhere(self):
        for document in DOCUMENTS:
            dead = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]
            self.assertEqual(dead, [], document.name)

    def test_every_path_the_documents_name_is_there(self):
        for document in DOCUMENTS:
            for path in PATH.findall(document.read_text()):
                self.assertTrue((REPOSITORY / path).exists(), f"{document.name}: {path}")

    def test_every_command_the_documents_name_is_one_of_rollcall(self):
        sources = "".join(path.read_text() for path in (REPOSITORY / "tools/rollcall").glob("*.cc"))
        known = set(re.findall(r'\.name = "([a-z]+)"', sources))
        self.assertIn("register", known)
        for document in DOCUMENTS:
            named = set(COMMAND.findall(document.read_text()))
            self.assertEqual(named - known, set(), document.name)

    def test_every_metric_the_documents_name_is_counted(self):
        sources = "".join(path.read_text() for path in (REPOSITORY / "src").rglob("*.[ch]*"))
        for document in DOCUMENTS:
            for metric in METRIC.findall(document.read_text()):
                self.assertIn(f'"{metric}"', sources, document.name)

    def test_every_fuzzer_has_its_row(self):
        targets = re.findall(r'\{"(\w+)", &\w+\}', (REPOSITORY / "tests/fuzz/targets.h").read_text())
        described = (REPOSITORY / "docs/rfcs.md").read_text().partition("## Fuzzers")[2]
        self.assertTrue(targets)
        self.assertEqual(sorted(targets), sorted(re.findall(r"^\| `(\w+)` \|", described, re.M)))

    def test_every_type_and_function_the_documents_name_is_there(self):
        for document in DOCUMENTS:
            for room, *names in IDENTIFIER.findall(document.read_text()):
                room = "base" if room == "rcu" else room
                headers = "".join(path.read_text() for path in (REPOSITORY / "src" / room).rglob("*.h"))
                for name in filter(None, names):
                    self.assertTrue(re.search(rf"\b{name}\b", headers), f"{document.name}: {room}::{name}")


class Readers(unittest.TestCase):
    def test_an_ellipsis_stands_for_anything_and_nothing_else_does(self):
        self.assertTrue(matches('{"a":…}\n', '{"a":12}\n'))
        self.assertFalse(matches('{"a":…}\n', '{"b":12}\n'))
        self.assertFalse(matches("192.0.2.1", "192.0.2.10"))

    def test_a_command_may_go_on_after_a_backslash(self):
        self.assertEqual(list(steps("$ a \\\n  b\nout\n$ c\n")), [("a \\\n  b\n", "out\n"), ("c\n", "")])


if __name__ == "__main__":
    unittest.main()
