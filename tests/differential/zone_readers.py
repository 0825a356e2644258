"""Rollcall, BIND and Knot as readers of zone files: what each refuses, with its sentence, and the octets of the rest.

A zone is written from cases, each below a label of its own (`c7`), so that one run of a peer tells about all of them. BIND
and Knot go on behind a mistake and tell its line; Rollcall ends at the first, and is asked for each case alone.
"""

import re
import socket
import struct

from tests.support import authorities
from tests.support.processes import Process, find_program, free_port, run, wait_until
from tests.support.rollcall import Server, run_to_end

READY_WITHIN = 60
HEAD = "$ORIGIN c.test.\n$TTL 60\n@ SOA ns hostmaster 1 10 5 3600 1\n@ NS ns\nns A 192.0.2.1\n"
RESET = "$ORIGIN c.test.\n$TTL 60\n"
NOT_ABOUT_TEXT = [word for flag in "knrmMSTW" for word in (f"-{flag}", "ignore")] + ["-i", "none"]
# What BIND says of a record that it loads.
WARNING = re.compile("setting .TTL to 0|with inherited owner|signature has expired")
KNOT_ACL = """\
acl:
  - id: anybody
    address: 127.0.0.1
    action: transfer
"""
KNOT_TEMPLATE = """\
    semantic-checks: off
    acl: anybody
"""
# Octets in front of the names in RDATA that an answer may have compressed, and their number (RFC 1035 §3.3).
COMPRESSED = {2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1),
              14: (0, 2), 15: (2, 1), 33: (6, 1)}


def label(index):
    return f"c{index}"


def write_zone(path, cases):
    """`cases`: (index, lines). The index of each line of the file that belongs to a case."""
    text, owners, line = HEAD, {}, HEAD.count("\n")
    for index, lines in cases:
        for _ in range(lines.count("\n") + 1):
            line += 1
            owners[line] = index
        text += lines + "\n" + RESET
        line += RESET.count("\n")
    path.write_text(text, encoding="latin-1", newline="")
    return owners


# --- Wire ---


def read_name(wire, at):
    octets, end = b"", None
    while True:
        length = wire[at]
        if length >= 0xC0:
            end = at + 2 if end is None else end
            at = (length & 0x3F) << 8 | wire[at + 1]
            continue
        octets += wire[at:at + 1 + length]
        at += 1 + length
        if length == 0:
            return octets, at if end is None else end


def plain_rdata(wire, at, size, rtype):
    if rtype not in COMPRESSED or size == 0:
        return wire[at:at + size]
    before, names = COMPRESSED[rtype]
    octets, here = wire[at:at + before], at + before
    for _ in range(names):
        name, here = read_name(wire, here)
        octets += name
    return octets + wire[here:at + size]


def transfer(port, zone):
    """All records: (owner, type, TTL, RDATA); nothing compressed."""
    wire = b"".join(bytes([len(part)]) + part.encode() for part in zone.split(".")) + b"\0"
    query = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + wire + struct.pack("!2H", 252, 1)
    records, soas = [], 0
    with socket.create_connection(("127.0.0.1", port), READY_WITHIN) as tcp, tcp.makefile("rb") as stream:
        tcp.sendall(struct.pack("!H", len(query)) + query)
        while soas < 2:
            (length,) = struct.unpack("!H", stream.read(2))
            message = stream.read(length)
            _, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
            if flags & 0xF:
                raise OSError(f"AXFR of {zone}: RCODE {flags & 0xF}")
            at = 12
            for _ in range(questions):
                _, at = read_name(message, at)
                at += 4
            for _ in range(answers):
                owner, at = read_name(message, at)
                rtype, _, ttl, size = struct.unpack_from("!2HIH", message, at)
                records.append((owner, rtype, ttl, plain_rdata(message, at + 10, size, rtype)))
                at += 10 + size
                soas += rtype == 6
    return records[:-1]


def read_raw(path):
    """BIND's raw format: a head, then RRsets, each with its length, class, type, covered type, TTL, count, owner, RDATA."""
    wire, records = path.read_bytes(), []
    at = 12 + (12 if struct.unpack_from("!2I", wire)[1] > 0 else 0)
    while at < len(wire):
        total, _, rtype, _, ttl, count, size = struct.unpack_from("!I3H2IH", wire, at)
        here = at + 20
        owner, here = wire[here:here + size], here + size
        for _ in range(count):
            (size,) = struct.unpack_from("!H", wire, here)
            records.append((owner, rtype, ttl, wire[here + 2:here + 2 + size]))
            here += 2 + size
        at += total
    return records


def by_case(records):
    """The records of each case: below `c7.c.test.`."""
    found = {}
    for owner, *record in records:
        match = re.search(rb".c(\d+)\x01c\x04test\0$", owner, re.DOTALL)
        if match:
            found.setdefault(int(match[1]), set()).add((owner, *record))
    return found


# --- The readers ---


class Rollcall:
    name = "Rollcall"

    def __init__(self, directory):
        self.directory = directory

    def sentence(self, path, zone="c.test"):
        """Why the file is refused; empty: it is not."""
        done = run_to_end(["--check", "--zone", f"{zone}={path}"], self.directory)
        return done.stderr.strip() if done.returncode else ""

    def records(self, files):
        """Of several zones: name -> file."""
        settings = self.directory / "transfers.toml"
        settings.write_text("".join(f'[[zone]]\nname = "{zone}"\nfile = "{path}"\ntransfer_to = ["127.0.0.1/32"]\n'
                                    for zone, path in files.items()))
        server = Server(self.directory, ["--log-level", "error", "--config", settings])
        server.start()
        try:
            found = {zone: transfer(server.dns_port, zone) for zone in files}
        finally:
            server.stop()
        # Beside the file's own, every zone has the records that browsers look for (RFC 6763 §11).
        return {zone: [record for record in records if b"\x07_dns-sd\x04_udp" not in record[0]]
                for zone, records in found.items()}


class Bind:
    name = "BIND"
    program = "named-compilezone"

    def __init__(self, directory):
        self.directory = directory

    def compile(self, zone, path):
        raw = path.with_suffix(".raw")
        return raw, run([find_program(self.program), *NOT_ABOUT_TEXT, "-F", "raw", "-o", raw, zone, path.name],
                        cwd=path.parent, errors="replace")

    def sentences(self, path, owners):
        """What is refused: index -> why."""
        _, done = self.compile("c.test", path)
        lines = re.findall(rf"{re.escape(path.name)}:(\d+): (.*)", done.stdout + done.stderr)
        return {owners[int(line)]: why for line, why in lines if int(line) in owners and not WARNING.search(why)}

    def refuses(self, zone, path):
        return self.compile(zone, path)[1].returncode != 0

    def records(self, files):
        found = {}
        for zone, path in files.items():
            raw, done = self.compile(zone, path)
            if done.returncode:
                raise AssertionError(f"BIND does not load {path}: {done.stdout}{done.stderr}")
            found[zone] = read_raw(raw)
        return found


class Knot:
    name = "Knot"
    program = "knotd"

    def __init__(self, directory):
        self.directory = directory

    def configure(self, files, port=1):  # knotc opens none, and wants a number
        home = self.directory / "knot"
        home.mkdir(exist_ok=True)
        (home / "knot.conf").write_text(authorities.knot(home, port, files, sections=KNOT_ACL, template=KNOT_TEMPLATE))
        return home / "knot.conf"

    def check(self, zone, path):
        return run([find_program("knotc"), "-c", self.configure({zone: path}), "zone-check", zone], errors="replace")

    def sentences(self, path, owners):
        done = self.check("c.test", path)
        if done.returncode < 0:
            raise AssertionError(f"knotc ends with {done.returncode}")
        lines = re.findall(rf"{re.escape(path.name)}', line (\d+) \((.*)\)", done.stdout + done.stderr)
        return {owners[int(line)]: why for line, why in lines if int(line) in owners}

    def refuses(self, zone, path):
        return self.check(zone, path).returncode != 0

    def records(self, files):
        port = free_port()
        process = Process("knotd", [find_program("knotd"), "-c", self.configure(files, port)], self.directory)
        try:
            return wait_until(lambda: self.transfer_all(process, port, files), READY_WITHIN, "knotd has all zones")
        finally:
            process.stop()

    def transfer_all(self, process, port, files):
        if not process.is_running():
            raise AssertionError(f"knotd has ended:\n{process.stderr()[-2000:]}")
        try:
            return {zone: transfer(port, zone) for zone in files}
        except (OSError, struct.error):
            return None


PEERS = [Bind, Knot]
