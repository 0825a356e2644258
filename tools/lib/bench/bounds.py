"""What one answer costs however much it could be about: a zone of a million services, an address of 100,000 instances.

answer-bounds does everything in one process, without sockets: a roster, and the responder that reads it. A datagram may cost what
fits in its answer, and must not cost more when another zone, or the same one, has ever more services. Bringing one more instance to
an address must not cost more because others have the address too.
"""

import subprocess

TARGETS = ("answer-bounds",)
ROUNDS = 3
RUN_WITHIN = 600
DEARER_MAX = 2.0


def options(_parser):
    pass


def measure(run):
    program = run.program("answer-bounds")
    taken = {}
    for _ in range(run.rounds):
        for case, count, each in measured(program):
            taken.setdefault((case, count), []).append(each)
    for (case, count), values in taken.items():
        run.report.add_values(case, f"{count:,}", "time", values, "ns")

    def within(sentence, case, many, few):
        run.report.ratio(sentence, case, "time", f"{many:,}", f"{few:,}", at_most=DEARER_MAX)

    within("types of a zone of ten, beside a million services and beside ten", "types-of-ten", 1_000_000, 10)
    within("types of a zone of a million services, and of 100,000", "types-of-all", 1_000_000, 100_000)
    within("PTR of an address of 100,000 instances, and of 10,000", "address-ptr", 100_000, 10_000)
    within("one more instance at an address of 100,000, and of 10,000", "address-add", 100_000, 10_000)


def measured(program):
    """[(case, how many, nanoseconds of one)]"""
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=RUN_WITHIN, check=True)
    return [(case, int(count), float(each)) for case, count, each in map(str.split, done.stdout.splitlines())]
