"""Resolvers in front of the server, set as in docs/forwarding.md: unbound (stub zone), dnsmasq (--server=/zone/), BIND and
PowerDNS Recursor (forward zones). Their caches let go within the TTL."""

import dns.exception

from tests.support.case import Case
from tests.support.dnsclient import Dns
from tests.support.processes import free_port, need_program

FOLLOW_WITHIN = 5

UNBOUND = """\
server:
    interface: 127.0.0.1
    port: {port}
    access-control: 127.0.0.0/8 allow
    directory: "{directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    module-config: "iterator"
    do-not-query-localhost: no
    domain-insecure: "svc.internal"
    private-address: 10.0.0.0/8
    private-domain: "svc.internal"
stub-zone:
    name: "svc.internal"
    stub-addr: {server.address}@{server.dns_port}
remote-control:
    control-enable: no
"""

# No root hints are asked: the forward zone is all that these two know.
BIND = """\
options {{
    directory "{directory}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    allow-query {{ 127.0.0.0/8; }};
    recursion yes;
    validate-except {{ "svc.internal"; }};
}};
controls {{ }};
zone "svc.internal" {{
    type forward;
    forward only;
    forwarders {{ {server.address} port {server.dns_port}; }};
}};
"""

POWERDNS = """\
local-address=127.0.0.1
local-port={port}
socket-dir={directory}
config-dir={directory}
daemon=no
write-pid=no
disable-syslog=yes
threads=1
security-poll-suffix=
dnssec=process-no-validate
forward-zones=svc.internal={server.address}:{server.dns_port}
"""


class Followed:
    """What both must do."""

    def setUp(self):
        self.rollcalld = self.server_with_zone()
        self.api = self.api_of(self.rollcalld)
        self.port = free_port()
        self.start_resolver()
        self.resolver = Dns("127.0.0.1", self.port)
        self.eventually(self.is_answering, "the resolver answers")

    def is_answering(self):
        try:
            impatient = Dns("127.0.0.1", self.port, timeout=0.3)
            return impatient.addresses("fixed.svc.internal", recursive=True) == {"203.0.113.7"}
        except (OSError, dns.exception.DNSException):
            return False

    def addresses(self, name, type="A"):
        return self.resolver.addresses(name, type, recursive=True)

    def srv_of_web(self):
        return self.resolver.srv("_web._tcp.svc.internal", recursive=True)

    def expect(self, name, *addresses, type="A"):
        self.eventually_equal(set(addresses), lambda: self.addresses(name, type), FOLLOW_WITHIN)

    def test_addresses_follow_registrations_and_deregistrations(self):
        self.expect("web.svc.internal")
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8001)
        self.expect("web.svc.internal", "192.0.2.1")
        self.expect("web.svc.internal", "2001:db8::1", type="AAAA")
        self.api.expect_registered("web", "i-2", "192.0.2.2", 8002)
        self.expect("web.svc.internal", "192.0.2.1", "192.0.2.2")
        self.api.expect_deregistered("web", "i-1")
        self.expect("web.svc.internal", "192.0.2.2")
        self.api.expect_deregistered("web", "i-2")
        self.expect("web.svc.internal")

    def test_srv_records_and_their_targets_follow_registrations(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", 8001)
        self.eventually_equal({(1, 1, 8001, "i-1.web.svc.internal.")}, self.srv_of_web, FOLLOW_WITHIN)
        self.expect("i-1.web.svc.internal", "192.0.2.1")
        self.api.expect_registered("web", "i-2", "192.0.2.2", 8002)
        self.api.expect_deregistered("web", "i-1")
        self.eventually_equal({(1, 1, 8002, "i-2.web.svc.internal.")}, self.srv_of_web, FOLLOW_WITHIN)
        self.expect("i-2.web.svc.internal", "192.0.2.2")

    def test_no_cache_outlives_a_lease(self):
        self.api.expect_registered("brief", "i-1", "192.0.2.1", ttl="2s")
        self.expect("brief.svc.internal", "192.0.2.1")
        self.expect("brief.svc.internal")

    def test_private_addresses_pass_where_the_domain_is_declared_private(self):
        self.api.expect_registered("inner", "i-1", "10.1.2.3")
        self.expect("inner.svc.internal", "10.1.2.3")

    def test_static_names_are_resolved(self):
        self.expect("alias.svc.internal", "203.0.113.7")

    def test_a_large_service_is_resolved_whole(self):
        for n in range(100):
            self.api.expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        found = self.resolver.ports("_many._tcp.svc.internal", tcp=True, recursive=True)
        self.assertEqual(set(range(8000, 8100)), found)


class UnboundTest(Followed, Case):
    def start_resolver(self):
        program = need_program("unbound")
        path = self.directory / "unbound.conf"
        path.write_text(UNBOUND.format(port=self.port, directory=self.directory, server=self.rollcalld))
        self.start("unbound", [program, "-d", "-c", path])


class DnsmasqTest(Followed, Case):
    def start_resolver(self):
        program = need_program("dnsmasq")
        upstream = f"{self.rollcalld.address}#{self.rollcalld.dns_port}"
        self.start("dnsmasq", [program, "--keep-in-foreground", "--conf-file=/dev/null", f"--port={self.port}",
                               "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
                               "--user=", "--pid-file=", "--log-facility=-", "--stop-dns-rebind",
                               "--rebind-domain-ok=/svc.internal/", f"--server=/svc.internal/{upstream}"])


class BindTest(Followed, Case):
    def start_resolver(self):
        program = need_program("named")
        path = self.directory / "named.conf"
        path.write_text(BIND.format(port=self.port, directory=self.directory, server=self.rollcalld))
        self.start("named", [program, "-g", "-n", "1", "-c", path])


class PowerdnsTest(Followed, Case):
    def start_resolver(self):
        program = need_program("pdns_recursor")
        (self.directory / "recursor.conf").write_text(
            POWERDNS.format(port=self.port, directory=self.directory, server=self.rollcalld))
        self.start("pdns_recursor", [program, f"--config-dir={self.directory}"])


del Followed
