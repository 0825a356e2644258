"""Stock Knot, NSD and BIND as secondaries of a live zone: they follow registrations, and agree with the primary.

ROLLCALL_LOAD_SECONDS makes the load last longer than the ten seconds of a normal run. What it came to goes to stderr.
"""

import os
import sys
import threading
import time

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring

from tests.support import authorities
from tests.support.case import Case
from tests.support.processes import free_port, need_program

FOLLOW_WITHIN = 2
SETTLE_WITHIN = 10
LOAD_SECONDS = int(os.environ.get("ROLLCALL_LOAD_SECONDS", "10"))
LOAD_THREADS = 4
REGISTRATIONS_PER_SECOND = 100
SECRET = "cm9sbGNhbGwgdGVzdCBrZXkgb2YgMzIgb2N0ZXRzLi4="

SETTINGS = """\
[[key]]
name = "transfer"
algorithm = "hmac-sha256"
secret = "{secret}"
[[zone]]
name = "svc.internal"
file = "{file}"
transfer_to = ["127.0.0.0/8"]
{key}
notify = [{secondaries}]
"""

KNOT = """\
{key}
remote:
  - id: primary
    address: {primary.address}@{primary.dns_port}
    {use_key}
acl:
  - id: from-primary
    address: 127.0.0.0/8
    action: notify
    {use_key}
  - id: readers
    address: 127.0.0.0/8
    action: transfer
zone:
  - domain: svc.internal
    storage: "{directory}"
    master: primary
    acl: [from-primary, readers]
    zonefile-sync: -1
    zonefile-load: none
"""
KNOT_KEY = 'key:\n  - id: transfer\n    algorithm: hmac-sha256\n    secret: "{secret}"'

NSD_SERVER = """\
    xfrdir: "{directory}"
    xfrd-reload-timeout: 0
"""
NSD = """\
{key}
zone:
    name: svc.internal
    zonefile: nsd.zone
    request-xfr: {primary.address}@{primary.dns_port} {key_name}
    allow-notify: 127.0.0.1 {key_name}
    provide-xfr: 127.0.0.1 NOKEY
"""
NSD_KEY = 'key:\n    name: transfer\n    algorithm: hmac-sha256\n    secret: "{secret}"'

BIND = """\
options {{
    directory "{directory}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    recursion no;
    dnssec-validation no;
    notify no;
    allow-transfer {{ any; }};
}};
controls {{ }};
{key}
zone "svc.internal" {{
    type secondary;
    primaries port {primary.dns_port} {{ {primary.address} {use_key}; }};
    file "bind.zone";
}};
"""
BIND_KEY = 'key transfer {{ algorithm hmac-sha256; secret "{secret}"; }};'


def records(port, key=None):
    """The zone of the server at this port, as (serial, records): a whole transfer."""
    keys = {"keyring": dns.tsigkeyring.from_text({"transfer": SECRET}), "keyname": "transfer"} if key else {}
    found = set()
    serial = None
    for message in dns.query.xfr("127.0.0.1", "svc.internal", port=port, relativize=False, timeout=5, **keys):
        for rrset in message.answer:
            for rdata in rrset:
                if rrset.rdtype == dns.rdatatype.SOA:
                    serial = rdata.serial
                else:
                    found.add(f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}".lower())
    return serial, found


def serial_of(port):
    reply = dns.query.udp(dns.message.make_query("svc.internal", "SOA"), "127.0.0.1", timeout=2, port=port)
    return reply.answer[0][0].serial


def is_loaded(port):
    try:
        return bool(records(port)[1])
    except (OSError, dns.exception.DNSException, dns.query.TransferError):
        return False


class Secondaries(Case):
    with_key = False

    def setUp(self):
        self.ports = {"knot": free_port(), "nsd": free_port(), "bind": free_port()}
        self.programs = {"knot": need_program("knotd"), "nsd": need_program("nsd"), "bind": need_program("named")}
        notify = ", ".join(f'"127.0.0.1:{port}"' for port in self.ports.values())
        key = 'transfer_key = "transfer"' if self.with_key else ""
        settings = self.settings_file(
            SETTINGS.format(file=self.zone_file(), secondaries=notify, secret=SECRET, key=key))
        self.primary = self.server("--config", settings)
        self.api = self.api_of(self.primary)
        self.start_knot()
        self.start_nsd()
        self.start_bind()
        for name, port in self.ports.items():
            self.eventually(lambda port=port: is_loaded(port), f"{name} has the zone", timeout=20, every=0.2)

    def configure(self, name, text, key, server="", **options):
        path = self.directory / f"{name}.conf"
        key = key.format(secret=SECRET) if self.with_key else ""
        path.write_text(server + text.format(port=self.ports[name], directory=self.directory, primary=self.primary,
                                             key=key, **options))
        return path

    def start_knot(self):
        use_key = "key: transfer" if self.with_key else ""
        server = authorities.knot_server(self.directory, self.ports["knot"], log="info")
        config = self.configure("knot", KNOT, KNOT_KEY, server, use_key=use_key)
        self.start("knot", [self.programs["knot"], "-c", config])

    def start_nsd(self):
        server = authorities.nsd_server(self.directory, self.ports["nsd"],
                                        server=NSD_SERVER.format(directory=self.directory))
        config = self.configure("nsd", NSD, NSD_KEY, server, key_name="transfer" if self.with_key else "NOKEY")
        self.start("nsd", [self.programs["nsd"], "-d", "-c", config])

    def start_bind(self):
        config = self.configure("bind", BIND, BIND_KEY, use_key="key transfer" if self.with_key else "")
        self.start("bind", [self.programs["bind"], "-g", "-n", "1", "-c", config])

    def ask(self, port, name, type):
        reply = dns.query.udp(dns.message.make_query(name, type), "127.0.0.1", timeout=2, port=port)
        return sorted(str(rdata) for rrset in reply.answer for rdata in rrset)

    def all_say(self, expected, name, type):
        for secondary, port in self.ports.items():
            self.eventually(lambda port=port: self.ask(port, name, type) == expected,
                            f"{secondary} says {expected} for {name}", timeout=FOLLOW_WITHIN)

    def all_agree(self):
        """Serial and contents, on every server."""
        def is_agreed():
            primary = records(self.primary.dns_port, self.with_key)
            return all(records(port) == primary for port in self.ports.values())
        self.eventually(is_agreed, "the same serial and records everywhere", timeout=SETTLE_WITHIN, every=0.3)


class Follow(Secondaries):
    def test_they_follow_registrations_within_two_seconds(self):
        self.api.expect_registered("web", "a", address="192.0.2.1", tags=["blue"], meta={"alpn": "h2"})
        self.all_say(["192.0.2.1"], "web.svc.internal", "A")
        self.api.expect_registered("web", "b", address="2001:db8::2", port=81)
        self.all_say(["1 1 80 a.web.svc.internal.", "1 1 81 b.web.svc.internal."], "_web._tcp.svc.internal", "SRV")
        self.api.expect_deregistered("web", "a")
        self.all_say([], "web.svc.internal", "A")
        self.all_agree()

    def test_they_follow_after_the_primary_was_killed_and_came_back(self):
        self.api.expect_registered("web", "a", address="192.0.2.1")
        self.all_say(["192.0.2.1"], "web.svc.internal", "A")
        before = records(self.primary.dns_port)[0]
        self.primary.kill()
        self.primary.start()
        self.assertGreater(records(self.primary.dns_port)[0], before)
        self.all_say(["192.0.2.1"], "web.svc.internal", "A")
        self.api.close()
        self.api.expect_registered("web", "b", address="192.0.2.2")
        self.all_say(["192.0.2.1", "192.0.2.2"], "web.svc.internal", "A")
        self.all_agree()

    def test_they_agree_after_a_hundred_registrations_a_second(self):
        before = records(self.primary.dns_port)[0]
        began = time.monotonic()
        registered, deregistered = self.load()
        took = time.monotonic() - began
        began = time.monotonic()
        self.eventually(lambda: all(serial_of(port) == serial_of(self.primary.dns_port) for port in self.ports.values()),
                        "the same serial everywhere", timeout=SETTLE_WITHIN)
        settled = time.monotonic() - began
        self.all_agree()
        serial, contents = records(self.primary.dns_port)
        self.assertEqual(LOAD_SECONDS * REGISTRATIONS_PER_SECOND, registered)
        self.assertGreater(len(contents), 100)
        print(f"{registered} registrations and {deregistered} deregistrations in {took:.1f} s; {settled:.1f} s after "
              f"the last one {', '.join(self.ports)} have its serial {serial} ({serial - before} on), and the "
              f"same {len(contents)} records", file=sys.stderr)

    def load(self):
        """So many registrations a second, evenly, and half as many deregistrations; how many were made of each."""
        counts = [[0, 0] for _ in range(LOAD_THREADS)]
        began = time.monotonic()

        def register(first):
            api = self.primary.api()
            for i in range(LOAD_SECONDS * REGISTRATIONS_PER_SECOND // LOAD_THREADS):
                number = i * LOAD_THREADS + first
                api.expect_registered(f"s{number % 20}", f"i{number % 210}", address=f"192.0.2.{number % 250 + 1}",
                                      port=1 + number % 65535, ttl="5m")
                counts[first][0] += 1
                if i % 2 == 1:
                    number -= 40 * LOAD_THREADS
                    if api.deregister(f"s{number % 20}", f"i{number % 210}").status == 204:
                        counts[first][1] += 1
                time.sleep(max(0.0, began + (i + 1) * LOAD_THREADS / REGISTRATIONS_PER_SECOND - time.monotonic()))
            api.close()

        threads = [threading.Thread(target=register, args=(first,)) for first in range(LOAD_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [sum(each) for each in zip(*counts)]


class FollowWithKey(Secondaries):
    with_key = True

    def test_they_follow_with_a_key_and_nobody_transfers_without(self):
        self.api.expect_registered("web", "a", address="192.0.2.1")
        self.all_say(["192.0.2.1"], "web.svc.internal", "A")
        self.all_agree()
        with self.assertRaises(dns.query.TransferError):
            records(self.primary.dns_port)
