"""Random questions over random zones: what is there, what is one label off, and what lies below leaves, cuts and aliases."""

from tests.differential.wire import TYPES, Question
from tests.differential.zones import APEXES, LABELS

# Meta types and OPT have tests of their own (tests/conformance/rfc6895).
ASKED = [text for text in TYPES if text not in ("OPT",)]
COMMON = ("A", "A", "A", "AAAA", "NS", "MX", "TXT", "SRV", "CNAME", "ANY", "DS", "SOA", "HTTPS", "SVCB", "DNAME")
PAYLOADS = (0, 512, 700, 1232, 4096, 65535)


def spoil(random, name):
    """One label off: another first label, one more, one less."""
    labels = name.rstrip(".").split(".")
    match random.randrange(5):
        case 0:
            labels[0] = random.choice(LABELS)
        case 1:
            labels.insert(0, random.choice(LABELS))
        case 2:
            labels[:0] = [random.choice(LABELS), random.choice(LABELS)]
        case 3:
            labels = labels[1:] or labels
        case 4:
            labels[random.randrange(len(labels))] = random.choice((*LABELS, "*", "nobody"))
    return ".".join(labels) + "."


def some_name(random, names):
    name = random.choice(names)
    if random.random() < 0.55:
        name = spoil(random, name)
    if random.random() < 0.03:
        name = random.choice((".", "test.", "example.", "arpa.", *APEXES))
    if random.random() < 0.02:  # near the limit of 255 octets: what a DNAME makes of it may be too long
        name = ".".join(["l" * 40] * ((250 - len(name)) // 41)) + "." + name if len(name) < 200 else name
    return "".join(random.choice((c.lower(), c.upper())) for c in name) if random.random() < 0.2 else name


def make(random, zones, count):
    names = [owner for zone in zones for owner in zone.kinds]
    for _ in range(count):
        has_edns = random.random() < 0.6
        yield Question(some_name(random, names), random.choice(COMMON if random.random() < 0.8 else ASKED),
                       random.choice(PAYLOADS) if has_edns else None, has_edns and random.random() < 0.3,
                       random.random() < 0.3)
