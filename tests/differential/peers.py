"""The servers that are asked: Rollcall, Knot and NSD over the same zone files, each with its own port."""

import socket
import struct
from pathlib import Path

from tests.differential.wire import read_answer, write_query
from tests.support import authorities
from tests.support.processes import Process, find_program, free_port, wait_until
from tests.support.rollcall import Server

READY_WITHIN = 60
PATIENCE = 30
STARTS_MAX = 5


class Peer:
    """One server, and a socket to ask it with. Every question is sent once; loopback loses nothing at this pace."""

    def __init__(self, name, port, process):
        self.name = name
        self.port = port
        self.process = process
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.connect(("127.0.0.1", port))
        self.udp.settimeout(PATIENCE)
        self.ident = 0

    def send(self, question):
        self.ident = (self.ident + 1) & 0xFFFF
        self.udp.send(write_query(question, self.ident))

    def receive(self):
        while True:
            wire = self.udp.recv(65535)
            if int.from_bytes(wire[:2], "big") == self.ident:
                return read_answer(wire)

    def ask_tcp(self, question):
        query = write_query(question, 1)
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as tcp:
            tcp.sendall(struct.pack("!H", len(query)) + query)
            with tcp.makefile("rb") as stream:
                (length,) = struct.unpack("!H", stream.read(2))
                return read_answer(stream.read(length))

    def has_lost_its_port(self):
        """Whether it has ended because somebody else took its port after we had found it free."""
        return not self.process.is_running() and "already in use" in self.process.stderr()

    def is_answering(self, question):
        if not self.process.is_running():
            raise AssertionError(f"{self.name} has ended:\n{self.process.stderr()[-2000:]}")
        self.udp.settimeout(0.2)
        try:
            self.send(question)
            return self.receive().rcode == "NOERROR"
        except OSError:
            return False
        finally:
            self.udp.settimeout(PATIENCE)

    def stop(self):
        self.udp.close()
        self.process.stop(READY_WITHIN)


def start_rollcall(directory, files, prefix):
    words = [word for apex, file in files.items() for word in ("--zone", f"{apex.rstrip('.')}={file}")]
    # A database of its own: a start behind another goes on behind that one's serials.
    server = Server(directory, ["--log-level", "error", *words], name=f"{prefix}-rollcalld",
                    database=Path(directory) / f"{prefix}.db")
    server.start()
    return Peer("Rollcall", server.dns_port, server.process)


def start_knot(directory, files, prefix):
    port, home = free_port(), directory / f"{prefix}-knot"
    home.mkdir()
    (home / "knot.conf").write_text(authorities.knot(home, port, files))
    return Peer("Knot", port, Process(f"{prefix}-knot", [find_program("knotd"), "-c", home / "knot.conf"], home))


def start_nsd(directory, files, prefix):
    port, home = free_port(), directory / f"{prefix}-nsd"
    home.mkdir()
    (home / "nsd.conf").write_text(authorities.nsd(home, port, files, server="    minimal-responses: yes\n"))
    return Peer("NSD", port, Process(f"{prefix}-nsd", [find_program("nsd"), "-d", "-c", home / "nsd.conf"], home))


PROGRAMS = {"knotd": start_knot, "nsd": start_nsd}


def start_answering(start, directory, files, prefix, soa_questions):
    """A peer that has loaded all zones; started again, with another port, where somebody else has taken the first."""
    for attempt in range(1, STARTS_MAX + 1):
        peer = start(directory, files, f"{prefix}-{attempt}")
        try:
            for question in soa_questions:
                wait_until(lambda: peer.is_answering(question), READY_WITHIN, f"{peer.name} answers {question}")
            return peer
        except AssertionError:
            lost = peer.has_lost_its_port()
            peer.stop()
            if not lost or attempt == STARTS_MAX:
                raise


def start_all(directory, files, prefix, soa_questions):
    """Rollcall first, then whichever of the others is installed; all have loaded all zones when this returns."""
    starts = [start_rollcall] + [start for program, start in PROGRAMS.items() if find_program(program)]
    peers = []
    try:
        for start in starts:
            peers.append(start_answering(start, directory, files, prefix, soa_questions))
    except BaseException:
        for peer in peers:
            peer.stop()
        raise
    return peers
