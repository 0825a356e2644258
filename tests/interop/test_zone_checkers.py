"""Zonemaster and DNSViz check a zone and its servers, and find nothing.

Both want servers on port 53 of addresses that are not loopback: they run in a network of their own, together with the
server. There is no root and no parent in it; the delegation is told on their command lines.
"""

import re
import subprocess

from tests.support.case import Case
from tests.support.namespace import enter_own_network
from tests.support.processes import need_program, run

SERVERS = {"ns1": ("192.0.2.1", "2001:db8::1"), "ns2": ("198.51.100.1", "2001:db8:1::1")}
# Times as for a zone that secondaries of others hold: Zonemaster knows no zone that moves every second.
ZONE_TEXT = """\
$TTL 3600
@    IN SOA   ns1 hostmaster 1 14400 3600 1209600 3600
@    IN NS    ns1
@    IN NS    ns2
@    IN MX    10 mail
mail IN A     192.0.2.1
mail IN AAAA  2001:db8::1
www  IN CNAME web
*.w  IN A     192.0.2.9
""" + "".join(f"{name} IN A {v4}\n{name} IN AAAA {v6}\n" for name, (v4, v6) in SERVERS.items())

# What Zonemaster says of the scene, not of the server.
OF_THE_SCENE = {
    "NAMESERVER_IP_PRIVATE_NETWORK": "addresses for documentation",
    "NO_RESPONSE_PTR_QUERY": "nobody delegates reverse zones here",
    "NEITHER_DNSKEY_NOR_DS": "the zone is not signed",
    "NOT_SIGNED": "the zone is not signed",
    "RNAME_MAIL_DOMAIN_INVALID": "there is no root to look the mail domain up from",
}


class ZoneCheckers(Case):
    def setUp(self):
        self.zonemaster, self.dnsviz = need_program("zonemaster-cli"), need_program("dnsviz")
        addresses = [address for pair in SERVERS.values() for address in pair]
        enter_own_network(self, [each + ("/128" if ":" in each else "/32") for each in addresses])
        listen = [word for each in addresses for word in ("--dns", f"[{each}]:53" if ":" in each else f"{each}:53")]
        zone = self.zone_file(ZONE_TEXT, name="checked.zone")
        server = self.server("--zone", f"svc.internal={zone}", *listen)
        api = self.api_of(server)
        for n in range(40):
            api.expect_registered("web", f"i-{n}", [f"192.0.2.{n + 1}", f"2001:db8::{n + 1:x}"], 8080, tags=["blue"],
                                  meta={"path": "/", "alpn": "h2"}, ttl="1h")

    def test_zonemaster_finds_nothing(self):
        servers = [word for name, pair in SERVERS.items() for each in pair
                   for word in ("--ns", f"{name}.svc.internal/{each}")]
        result = run([self.zonemaster, *servers, "--raw", "--level", "INFO", "svc.internal"], timeout=120)
        lines = re.findall(r"^ *[\d.]+ +([A-Z]+) +([A-Z0-9_]+) *(.*)$", result.stdout, re.M)
        self.assertGreater(len(lines), 40, result.stdout + result.stderr)
        found = [line for line in lines if line[0] != "INFO" and line[1] not in OF_THE_SCENE]
        self.assertEqual([], found)
        said = {tag for _, tag, _ in lines}
        for good in ("ONE_SOA_SERIAL", "ADDRESSES_MATCH", "ARE_AUTHORITATIVE", "EDNS0_SUPPORT", "NO_UPWARD_REFERRAL",
                     "NO_RECURSOR", "CASE_QUERIES_RESULTS_OK", "SAME_SOURCE_IP"):
            self.assertIn(good, said)

    def test_dnsviz_finds_nothing(self):
        servers = ",".join(f"{name}.svc.internal={f'[{each}]' if ':' in each else each}"
                           for name, pair in SERVERS.items() for each in pair)
        names = ["svc.internal", "web.svc.internal", "_web._tcp.svc.internal", "i-1.web.svc.internal", "www.svc.internal",
                 "a.w.svc.internal", "nobody.svc.internal"]
        probed = self.directory / "probe.json"
        with open(probed, "wb") as output:
            subprocess.run([self.dnsviz, "probe", "-d", "1", "-A", "-R", "A,AAAA,SRV,PTR,TXT,HTTPS,MX,SOA,NS", "-x",
                            f"svc.internal+:{servers}", *names], stdout=output, stderr=subprocess.DEVNULL, timeout=120,
                           check=True)
        shown = run([self.dnsviz, "print", "-r", probed], timeout=60).stdout
        for expected in (r"A: .*\b192\.0\.2\.1\b", r"SRV: .*1 1 8080 i-1\.web\.svc\.internal\.", r"CNAME web\.svc\.internal\.",
                         r"NXDOMAIN", r"MX: 10 mail\.svc\.internal\."):
            self.assertTrue(re.search(expected, shown), expected)
        found = run([self.dnsviz, "grok", "-l", "warning", "-r", probed], timeout=60)
        self.assertEqual(("{}", 0), (found.stdout.strip() or "{}", found.returncode), found.stderr)
