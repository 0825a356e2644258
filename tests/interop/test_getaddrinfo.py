"""glibc's getaddrinfo, Go's and Java's system resolvers, through /etc/resolv.conf of a mount namespace of their own."""

import json

from tests.interop.languages import build_go, build_java
from tests.support.case import Case
from tests.support.namespace import free_address_for_port_53, resolving_through
from tests.support.processes import need_program, run

GETADDRINFO = """\
import json, socket, sys
try:
    found = socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)
    print(json.dumps(sorted({entry[4][0] for entry in found})))
except socket.gaierror as error:
    print(json.dumps({socket.EAI_NONAME: "EAI_NONAME", socket.EAI_NODATA: "EAI_NODATA"}.get(error.errno, str(error))))
"""


class SystemResolverTest(Case):
    def setUp(self):
        self.address = free_address_for_port_53()
        self.front = resolving_through(self.address, self.directory)
        self.rollcalld = self.server_with_zone("--dns", f"{self.address}:53")
        self.api = self.api_of(self.rollcalld)

    def lines_of(self, *command, check=True):
        result = run([*self.front, *command])
        if check:
            self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout.split("\n")

    def getaddrinfo(self, name):
        return json.loads(self.lines_of("/usr/bin/python3", "-c", GETADDRINFO, name)[0])

    def test_getaddrinfo_follows_registrations(self):
        self.assertEqual("EAI_NONAME", self.getaddrinfo("web.svc.internal"))
        self.api.expect_registered("web", "i-1", "192.0.2.1")
        self.assertEqual(["192.0.2.1"], self.getaddrinfo("web.svc.internal"))
        self.api.expect_registered("web", "i-2", ["192.0.2.2", "2001:db8::2"])
        self.assertEqual(["192.0.2.1", "192.0.2.2", "2001:db8::2"], self.getaddrinfo("web.svc.internal"))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["192.0.2.2", "2001:db8::2"], self.getaddrinfo("web.svc.internal"))
        self.api.expect_deregistered("web", "i-2")
        self.assertIn(self.getaddrinfo("web.svc.internal"), ("EAI_NODATA", "EAI_NONAME"))

    def test_getaddrinfo_takes_an_instance_with_only_ipv6_or_only_ipv4(self):
        self.api.expect_registered("four", "i-1", "192.0.2.1")
        self.api.expect_registered("six", "i-1", "2001:db8::1")
        self.assertEqual(["192.0.2.1"], self.getaddrinfo("four.svc.internal"))
        self.assertEqual(["2001:db8::1"], self.getaddrinfo("six.svc.internal"))

    def test_getaddrinfo_goes_to_tcp_for_a_service_too_large_for_udp(self):
        for n in range(100):
            self.api.expect_registered("many", f"i-{n}", [f"192.0.2.{n + 1}", f"2001:db8::{n + 1}"])
        self.assertEqual(200, len(self.getaddrinfo("many.svc.internal")))

    def test_getent_shows_a_service_and_a_static_name(self):
        getent = need_program("getent")
        self.api.expect_registered("web", "i-1", "192.0.2.1")
        for name, address in (("web.svc.internal", "192.0.2.1"), ("i-1.web.svc.internal", "192.0.2.1"),
                              ("alias.svc.internal", "203.0.113.7")):
            self.assertIn(address, [line.split()[0] for line in self.lines_of(getent, "ahosts", name) if line])

    def test_gos_resolver_reads_resolv_conf_and_follows_registrations(self):
        program = build_go()
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"])
        ask = lambda: json.loads(self.lines_of(program, "", "host", "web.svc.internal")[0])
        self.assertEqual(["192.0.2.1", "2001:db8::1"], ask())
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual("not found", ask())

    def test_javas_inetaddress_follows_registrations(self):
        java = build_java(self.directory)
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"])
        ask = lambda: [line for line in self.lines_of(*java, "", "host", "web.svc.internal") if line]
        self.assertEqual(["192.0.2.1", "2001:db8:0:0:0:0:0:1"], ask())
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["not found"], ask())
