"""The settings of docs/forwarding.md and docs/consul-dns.md as they stand there: each resolver of them that Debian has is run with them,
and finds a native service and one under Consul's names. Only ports are changed, and a frame added that keeps it on loopback."""

import re

import dns.exception

from tests.interop.test_caching_resolvers import FOLLOW_WITHIN
from tests.support.case import Case
from tests.support.dnsclient import Dns
from tests.support.processes import REPOSITORY, free_port, need_program

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
    num-threads: 1
    private-address: 10.0.0.0/8
remote-control:
    control-enable: no
"""
BIND_OPTIONS = """\
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion yes;
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
"""
ADDRESS = "10.1.2.3"  # a private one


def block(document, heading):
    """The first fenced block below a heading, or below a line that ends with a colon."""
    text = (REPOSITORY / "docs" / document).read_text()
    found = re.search(rf"^(?:## )?{re.escape(heading)}:?$.*?^```\w*\n(.*?)^```$", text, re.M | re.S)
    assert found, f"{document} has no block for {heading}"
    return found[1]


class Documented:
    """What is in front of the server finds it with these settings."""

    heading = None
    consul_heading = None  # of docs/consul-dns.md; None: `consul` in the place of svc.internal, as docs/forwarding.md says

    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "web-1", ADDRESS, 8080)

    def settings(self, domain):
        text = block("forwarding.md", self.heading)
        self.assertIn("8600", text)
        self.assertIn("svc.internal", text)
        if domain == "consul":
            text = block("consul-dns.md", self.consul_heading) if self.consul_heading else text.replace("svc.internal", "consul")
        return text.replace("8600", str(self.rollcalld.dns_port))

    def expect_found(self, domain, name, srv):
        port = free_port()
        self.begin(port, self.settings(domain))
        resolver = Dns("127.0.0.1", port, timeout=1)

        def addresses():
            try:
                return resolver.addresses(name, recursive=True)
            except (OSError, dns.exception.DNSException) as failed:
                return str(failed)
        self.eventually_equal({ADDRESS}, addresses, 20)
        self.assertEqual({8080}, resolver.ports(srv, recursive=True))
        self.api.expect_deregistered("web", "web-1")
        self.eventually_equal(set(), addresses, FOLLOW_WITHIN)

    def test_a_zone_of_rollcall(self):
        self.expect_found("svc.internal", "web.svc.internal", "_web._tcp.svc.internal")

    def test_the_names_of_consul(self):
        self.expect_found("consul", "web.service.consul", "_web._tcp.service.consul")


class UnboundTest(Documented, Case):
    heading = consul_heading = "unbound"

    def begin(self, port, settings):
        path = self.directory / "unbound.conf"
        path.write_text(UNBOUND.format(port=port, directory=self.directory) + settings)
        self.start("unbound", [need_program("unbound"), "-d", "-c", path])


class DnsmasqTest(Documented, Case):
    heading = consul_heading = "dnsmasq"

    def begin(self, port, settings):
        path = self.directory / "dnsmasq.conf"
        path.write_text(settings)
        self.start("dnsmasq", [need_program("dnsmasq"), "--keep-in-foreground", f"--conf-file={path}", f"--port={port}",
                               "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--user=",
                               "--pid-file=", "--log-facility=-", "--stop-dns-rebind"])


class BindTest(Documented, Case):
    heading = "BIND"

    def begin(self, port, settings):
        path = self.directory / "named.conf"
        frame = f'    directory "{self.directory}";\n{BIND_OPTIONS.format(port=port)}'
        text, count = re.subn(r'^    directory "/var/cache/bind";\n', frame, settings, flags=re.M)
        self.assertEqual(1, count)
        path.write_text(text + "controls { };\n")
        self.start("named", [need_program("named"), "-g", "-n", "1", "-c", path])


class PowerdnsTest(Documented, Case):
    heading = "PowerDNS Recursor"

    def begin(self, port, settings):
        (self.directory / "recursor.conf").write_text(POWERDNS.format(port=port, directory=self.directory) + settings)
        self.start("pdns_recursor", [need_program("pdns_recursor"), f"--config-dir={self.directory}"])


class KnotResolverTest(Documented, Case):
    heading = "Knot Resolver"

    def begin(self, port, settings):
        path = self.directory / "kresd.conf"
        path.write_text(f"net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\ncache.size = 10 * MB\n{settings}")
        self.start("kresd", [need_program("kresd"), "-n", "-c", path, self.directory])


del Documented
