"""Just enough DNS for observers that ask hundreds of times a second: a question, and the addresses of its answer.

dnspython would spend the time of the machine that the nodes need.
"""

import socket
import struct

TYPE_A, TYPE_SOA, TYPE_OPT, CLASS_IN = 1, 6, 41, 1
OPTION_EDE = 15


class Malformed(ValueError):
    pass


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.rstrip(".").split(".")) + b"\0"


def question(id, qname, qtype):
    """With EDNS of 4096 octets, without recursion."""
    return (struct.pack("!6H", id, 0, 1, 0, 0, 1) + name(qname) + struct.pack("!2H", qtype, CLASS_IN)
            + b"\0" + struct.pack("!HHIH", TYPE_OPT, 4096, 0, 0))


class Reply:
    """`addresses`: of A records in the answer; `ttl`: theirs; `serial`: of an SOA in the answer; `ede`: -1
    without one."""

    def __init__(self, octets):
        try:
            self._read(octets)
        except (IndexError, struct.error) as error:
            raise Malformed(str(error)) from None

    def _read(self, octets):
        self.id, flags, questions, answers, authority, additional = struct.unpack_from("!6H", octets)
        self.rcode = flags & 15
        self.is_truncated = bool(flags & 0x0200)
        self.addresses, self.ttl, self.serial, self.ede = [], 0, None, -1
        at = 12
        for _ in range(questions):
            at = _after_name(octets, at) + 4
        for number in range(answers + authority + additional):
            at = _after_name(octets, at)
            kind, _class, ttl, size = struct.unpack_from("!HHIH", octets, at)
            at += 10
            if number < answers and kind == TYPE_A:
                self.addresses.append(socket.inet_ntoa(octets[at:at + 4]))
                self.ttl = ttl  # one value for the whole RRset
            elif number < answers and kind == TYPE_SOA:
                self.serial = struct.unpack_from("!I", octets, _after_name(octets, _after_name(octets, at)))[0]
            elif kind == TYPE_OPT:
                self._read_options(octets[at:at + size])
            at += size

    def _read_options(self, octets):
        at = 0
        while at < len(octets):
            code, size = struct.unpack_from("!HH", octets, at)
            if code == OPTION_EDE:
                self.ede = struct.unpack_from("!H", octets, at + 4)[0]
            at += 4 + size


def _after_name(octets, at):
    while True:
        size = octets[at]
        if size >= 0xC0:
            return at + 2
        if size == 0:
            return at + 1
        at += 1 + size
