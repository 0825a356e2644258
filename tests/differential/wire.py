"""DNS messages: queries written, answers read into what can be compared, without a DNS library between.

An answer's names are folded (RFC 4343) and followed through compression, in RDATA too; the order of records is given up in
`Answer.sets`, kept in `Answer.sections`.
"""

import struct
from dataclasses import dataclass

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
         "NAPTR": 35, "DNAME": 39, "OPT": 41, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65,
         "ANY": 255, "CAA": 257, "TYPE666": 666, "TYPE65400": 65400}
TEXTS = {number: text for text, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN"}
FLAGS = {0x0400: "AA", 0x0200: "TC", 0x0100: "RD", 0x0080: "RA", 0x0020: "AD", 0x0010: "CD"}
# RDATA: octets before its names, and how many names there are.
NAMES_IN_RDATA = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 33: (6, 1), 39: (0, 1), 64: (2, 1), 65: (2, 1)}


@dataclass(frozen=True)
class Question:
    name: str
    qtype: str
    payload: int | None = None  # with EDNS
    dnssec_ok: bool = False
    recursion_desired: bool = False

    def __str__(self):
        edns = "" if self.payload is None else f" EDNS {self.payload}" + (" DO" if self.dnssec_ok else "")
        return f"{self.name} {self.qtype}{edns}{' RD' if self.recursion_desired else ''}"


@dataclass(frozen=True)
class Record:
    owner: str
    rtype: str
    rclass: int
    ttl: int
    rdata: bytes | tuple

    def __str__(self):
        rdata = " ".join(p if isinstance(p, str) else p.hex() for p in self.rdata if p)
        return f"{self.owner} {self.ttl} {self.rtype} {rdata}"


@dataclass(frozen=True)
class Answer:
    rcode: str
    flags: frozenset
    question: bytes
    sections: tuple  # answer, authority, additional: tuples of Record; OPT is apart
    edns: tuple | None  # version, DO
    size: int

    @property
    def sets(self):
        return tuple(frozenset(section) for section in self.sections)

    def __str__(self):
        lines = [f"{self.rcode} {' '.join(sorted(self.flags))} EDNS {self.edns} {self.size} octets"]
        for title, section in zip(("answer", "authority", "additional"), self.sections):
            lines += [f"    {title:<11}{record}" for record in section]
        return "\n".join(lines)


def name_to_wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def write_query(question, ident):
    flags = 0x0100 if question.recursion_desired else 0
    has_opt = question.payload is not None
    wire = struct.pack("!6H", ident, flags, 1, 0, 0, int(has_opt))
    wire += name_to_wire(question.name) + struct.pack("!2H", TYPES[question.qtype], 1)
    if has_opt:
        wire += b"\0" + struct.pack("!2HIH", 41, question.payload, 0x8000 if question.dnssec_ok else 0, 0)
    return wire


def read_name(wire, at):
    """(folded text, where it ends). Labels are hexadecimal where they are not plain."""
    labels, end = [], None
    while True:
        length = wire[at]
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | wire[at + 1]
            end = at + 2 if end is None else end
            assert target < at, "a pointer leads backwards"
            at = target
            continue
        assert length < 64, "a label has at most 63 octets"
        if length == 0:
            return ".".join(labels) + ".", at + 1 if end is None else end
        labels.append(wire[at + 1:at + 1 + length].decode("latin-1").lower())
        at += 1 + length


def read_rdata(wire, at, length, rtype):
    if rtype == TYPES["NAPTR"]:  # its name is behind three strings
        return (wire[at:at + length].lower(),)
    if rtype not in NAMES_IN_RDATA:
        return (wire[at:at + length],)
    before, names = NAMES_IN_RDATA[rtype]
    parts, here = [wire[at:at + before]], at + before
    for _ in range(names):
        name, here = read_name(wire, here)
        parts.append(name)
    assert here <= at + length, "names end with their RDATA"
    return (*parts, wire[here:at + length])


def read_answer(wire):
    _, flags, questions, *counts = struct.unpack_from("!6H", wire)
    at = 12
    for _ in range(questions):
        _, at = read_name(wire, at)
        at += 4
    question = wire[12:at]
    sections, edns, extended = [], None, 0
    for count in counts:
        records = []
        for _ in range(count):
            owner, at = read_name(wire, at)
            rtype, rclass, ttl, length = struct.unpack_from("!2HIH", wire, at)
            rdata = read_rdata(wire, at + 10, length, rtype)
            at += 10 + length
            if rtype == 41:
                edns, extended = (ttl >> 16 & 0xFF, bool(ttl & 0x8000)), ttl >> 24
            else:
                records.append(Record(owner, TEXTS.get(rtype, f"TYPE{rtype}"), rclass, ttl, rdata))
        sections.append(tuple(records))
    assert at == len(wire), "the last record ends the message"
    rcode = flags & 0xF | extended << 4
    return Answer(RCODES.get(rcode, str(rcode)), frozenset(t for bit, t in FLAGS.items() if flags & bit), question,
                  tuple(sections), edns, len(wire))
