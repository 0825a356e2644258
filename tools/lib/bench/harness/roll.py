"""One roll for everybody: so many services of so many instances, as a database of rollcalld, as a zone file, as questions.

Services are s0, s1 …; their instances i0, i1 …, each with an address of its own, port 8080 and a lease of a day. In the zone
file the same names have the same records, with the TTL that Rollcall answers with.
"""

import contextlib
import sqlite3

ZONE = "svc.internal"
LEASE_MS = 86_400_000
PORT = 8080
HEAD = f"""\
$ORIGIN {ZONE}.
$TTL 1
@ IN SOA ns hostmaster 1 10 5 3600 1
@ IN NS ns
ns IN A 127.0.0.1
"""


class Roll:
    """`services` of `each` instances."""

    def __init__(self, services, each=4):
        self.services = services
        self.each = each

    @property
    def instances(self):
        return self.services * self.each

    def members(self, service):
        """[(id, address)] of service number `service`."""
        return [(f"i{k}", address(service * self.each + k)) for k in range(self.each)]

    def zone_file(self, path):
        """{zone: path}, as the peers want it."""
        with open(path, "w") as out:
            out.write(HEAD)
            for service in range(self.services):
                for id, literal in self.members(service):
                    out.write(f"s{service} A {literal}\n{id}.s{service} A {literal}\n"
                              f"_s{service}._tcp SRV 1 1 {PORT} {id}.s{service}\n")
        return {ZONE: path}

    def questions(self, path, type):
        """A file for udp-load and dnsperf: each service once, by the name that the type is asked at."""
        pattern = "_s{}._tcp" if type == "SRV" else "s{}"
        path.write_text("".join(f"{pattern.format(n)}.{ZONE} {type}\n" for n in range(self.services)))
        return path

    def fill(self, database):
        """Rows for a rollcalld that has made this database and has stopped; it has all of them when it starts again."""
        rows = ((ZONE, f"s{service}", id, f'["{literal}"]', PORT, LEASE_MS)
                for service in range(self.services) for id, literal in self.members(service))
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.executemany(
                "INSERT INTO instance (zone, service, id, addresses, port, ttl_ms) VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute("DELETE FROM edit")  # a start reads every row; notes of each would be read besides

    def served_by(self, run, *arguments, program=None, **options):
        """A running rollcalld with all of it."""
        options["program"] = program
        with run.rollcalld(program=program) as empty:
            directory = empty.directory
        self.fill(directory / "rollcall.db")
        server = run.rollcalld(*arguments, directory=directory, **options)
        found = server.metrics()["rollcall_instances"]
        assert found == self.instances, f"rollcalld has {found:.0f} instances, not {self.instances}"
        return server


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
