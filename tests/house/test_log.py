"""There is one way to stderr: the log, whose formatter keeps every message on one line."""

import re

from tests.support.case import Case
from tests.support.processes import REPOSITORY

# Whoever may write there himself: the log; what fails before or without it, with a text that passes the same formatter.
EXCEPTIONS = {"src/base/log.cc", "src/base/check.cc", "src/rollcalld.cc"}
WRITES = re.compile(r"\bstderr\b|std::c(err|log)\b|STDERR_FILENO|\bspdlog::(?!level|sinks|details|memory)|\bperror\(|\bsyslog\(")

COMMENT = re.compile(r"//.*")


class LogTest(Case):
    def test_nothing_in_the_server_writes_to_stderr_but_the_log(self):
        sources = [path for path in (REPOSITORY / "src").rglob("*") if path.suffix in (".cc", ".h")]
        self.assertGreater(len(sources), 100)
        places = [str(path.relative_to(REPOSITORY)) for path in sources if WRITES.search(COMMENT.sub("", path.read_text()))]
        self.assertEqual(EXCEPTIONS, set(places) | EXCEPTIONS)
        self.assertIn("src/base/log.cc", places)

    def test_what_rollcalld_says_when_it_cannot_start_is_one_line_too(self):
        lines = [line for line in (REPOSITORY / "src/rollcalld.cc").read_text().splitlines() if "stderr" in line]
        self.assertTrue(lines)
        for line in lines:
            self.assertIn("log::one_line(", line)
