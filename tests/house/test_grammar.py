"""Counts in sentences have the grammar of their noun: "1 instance", not "1 instances" (base/counted.h)."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Adjacent literals are one; so are the pieces of a sentence that ends on the next line.
JOINED = re.compile(r'"\s*\n\s*"')
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# What the sources count. A new kind of thing needs a word here; verbs end in s as well, so not every word does.
NOUNS = ("addresses|alerts|clients|connections|endpoints|entries|errors|events|failures|fields|files|"
         "heartbeats|instances|keys|leases|lines|listeners|members|messages|nodes|queries|records|registries|"
         "requests|revisions|rows|secondaries|servers|services|sessions|tables|tags|threads|times|tokens|"
         "tries|warnings|workers|zones")
# A place for a number, and one of them behind it, maybe with an adjective between them.
COUNT = re.compile(r"\{[^{}]*\} (?:(?:more|other|live|further|open|prepared|static|new|old) )?(" + NOUNS + r")\b")
# A bound from base/limits.h is never 1; behind the others there is no number.
BOUND = re.compile(r"\b(at most|at least|more than|over|only|to|the first|deeper than|no|may not) $")
# Sentences whose count is more than one for another reason.
EXCEPTIONS = {
    "an answer has {} of what {} instances have to offer, drawn anew each time",  # more than a limit of at least one
    "the label \\\"{}\\\" can mean {} to {}, or the {} addresses of {}/{}: write the prefix behind a ",
}
# By hand: that is what counted() is for.
BY_HAND = re.compile(r'== 1 \? "" : "s"')


def counts(text):
    """(literal, noun) of every count in C++ sources."""
    for literal in LITERAL.findall(JOINED.sub("", text)):
        for found in COUNT.finditer(literal):
            if BOUND.search(literal[:found.start()]):
                continue
            if not any(literal.startswith(known) for known in EXCEPTIONS):
                yield literal, found[1]


def sources():
    for top in ("src", "tools/rollcall"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in {".h", ".cc"}:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


class Grammar(unittest.TestCase):
    def test_counts_are_written_by_counted(self):
        wrong = [f"{name}: {literal}" for name, text in sources() for literal, _ in counts(text)]
        wrong += [f"{name}: a plural by hand" for name, text in sources()
                  if BY_HAND.search(text) and name != "src/base/counted.h"]
        self.assertEqual([], wrong)

    def test_the_reader_is_not_blind(self):
        def nouns(text):
            return [noun for _, noun in counts(text)]
        self.assertEqual(["instances", "services"], nouns('"{} instances of {} services"'))
        self.assertEqual(["rows"], nouns('log::warn("{}: ignored: {} more rows", name)'))
        self.assertEqual(["queries"], nouns('"; {} prepared "\n    "queries made"'))
        self.assertEqual([], nouns('"at most {} entries", "{} bytes", "{} is", "zone {} has {}"'))


if __name__ == "__main__":
    unittest.main()
