"""What a test program's own last words say of it: how many tests passed, failed and were skipped."""

import re
from dataclasses import dataclass


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def count(output, status):
    """What a suite's own last words say; a program that ends badly has failed at least once."""
    result = count_catch(output) or count_unittest(output)
    if result is None:
        skipped = status == 0 and re.search(r"^skipped: ", output, re.M)
        result = Count(skipped=1) if skipped else Count(passed=int(status == 0))
    if status != 0 and result.failed == 0:
        result.failed = 1
    return result


def count_catch(output):
    if all_passed := re.findall(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", output, re.M):
        return Count(passed=int(all_passed[-1]))
    if lines := re.findall(r"^test cases: *\d+ \|.*$", output, re.M):
        found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped)", lines[-1])}
        return Count(found.get("passed", 0), found.get("failed", 0), found.get("skipped", 0))
    return None


def count_unittest(output):
    ran = re.findall(r"^Ran (\d+) tests? in ", output, re.M)
    if not ran:
        return None
    verdict = re.findall(r"^(?:OK|FAILED)(?: \((.*)\))?$", output, re.M)
    found = dict(re.findall(r"(\w[\w ]*)=(\d+)", verdict[-1])) if verdict else {}
    failed = sum(int(found.get(kind, 0)) for kind in ("failures", "errors", "unexpected successes"))
    skipped = int(found.get("skipped", 0))
    return Count(max(0, int(ran[-1]) - failed - skipped), failed, skipped)


def skip_reasons(output):
    said = re.findall(r"\.\.\. skipped ['\"](.*)['\"]$|^skipped: (.*)$", output, re.M)
    return sorted({of_unittest or of_program for of_unittest, of_program in said})
