"""Questions to a name server, through dnspython, and the answers as plain values that tests can compare."""

import socket
import struct
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype


class Dns:
    def __init__(self, address, port, timeout=3):
        self.address = address
        self.port = port
        self._timeout = timeout

    def ask(self, name, type="A", tcp=False, payload=None, recursive=False):
        """The whole reply. `payload`: EDNS with this size; None: no EDNS."""
        query = question(name, type, payload, recursive)
        exchange = dns.query.tcp if tcp else dns.query.udp
        return exchange(query, self.address, port=self.port, timeout=self._timeout)

    def ask_for_bytes(self, name, type="A", payload=None):
        """The reply over UDP as it came."""
        with self.connected_udp() as udp:
            udp.send(question(name, type, payload).to_wire())
            return udp.recv(65535)

    def connected_udp(self):
        udp = socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_DGRAM)
        udp.settimeout(self._timeout)
        udp.connect((self.address, self.port))
        return udp

    def records(self, name, type="A", **options):
        """The records of this type in the answer section; none for NODATA and NXDOMAIN. Any other RCODE fails."""
        reply = self.ask(name, type, **options)
        code = dns.rcode.to_text(reply.rcode())
        assert code in ("NOERROR", "NXDOMAIN"), f"{name} {type}: {code}"
        return records_in(reply.answer, type)

    def addresses(self, name, type="A", **options):
        return {record.address for record in self.records(name, type, **options)}

    def srv(self, name, **options):
        """{(priority, weight, port, target)}"""
        return {(r.priority, r.weight, r.port, r.target.to_text()) for r in self.records(name, "SRV", **options)}

    def ports(self, name, **options):
        """The ports of the SRV records."""
        return {record.port for record in self.records(name, "SRV", **options)}


def question(name, type, payload=None, recursive=False):
    query = dns.message.make_query(name, type, use_edns=payload is not None, payload=payload or 0)
    if not recursive:
        query.flags &= ~dns.flags.RD
    return query


def records_in(section, type):
    wanted = dns.rdatatype.from_text(type)
    return [record for rrset in section if rrset.rdtype == wanted for record in rrset]


def rcode_text(reply):
    return dns.rcode.to_text(reply.rcode())


def has_flag(reply, name):
    return bool(reply.flags & dns.flags.Flag[name])


def framed(name, type="A", **options):
    """A question as it is sent over TCP: its length, then the message (RFC 1035 §4.2.2)."""
    message = dns.message.make_query(name, type, **options).to_wire()
    return struct.pack("!H", len(message)) + message


def read_exactly(stream, count):
    octets = b""
    while len(octets) < count:
        more = stream.recv(count - len(octets))
        if not more:
            raise EOFError("the peer has closed the connection")
        octets += more
    return octets


def read_framed(stream):
    """The octets of one message."""
    (size,) = struct.unpack("!H", read_exactly(stream, 2))
    return read_exactly(stream, size)


class Presence:
    """One prepared A question over one connected socket, asked again and again: how soon a name comes or goes."""

    def __init__(self, server, name):
        self._query = dns.message.make_query(name, "A").to_wire()
        self._socket = server.connected_udp()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def is_there(self):
        """Whether the answer section has a record."""
        self._socket.send(self._query)
        reply = self._socket.recv(4096)
        assert reply[3] & 15 in (0, 3), f"rcode {reply[3] & 15}"
        return reply[6:8] != b"\0\0"

    def wait_until_gone(self, deadline):
        """Asks without a pause. The monotonic instant of the first reply without a record."""
        while self.is_there():
            assert time.monotonic() < deadline, "still there at the deadline"
        return time.monotonic()
