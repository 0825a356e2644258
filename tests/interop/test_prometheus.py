"""Prometheus: `dns_sd_configs` over SRV and A; the targets follow the roll. It finds the server by resolv.conf."""

import json
import urllib.request

from tests.support.case import Case
from tests.support.namespace import free_address_for_port_53, resolving_through
from tests.support.processes import free_port, need_program

CONFIGURATION = """\
global:
  scrape_interval: 1s
  scrape_timeout: 500ms
scrape_configs:
  - job_name: srv
    dns_sd_configs:
      - names: [_web._tcp.svc.internal]
        type: SRV
        refresh_interval: 1s
  - job_name: a
    dns_sd_configs:
      - names: [web.svc.internal]
        type: A
        port: 9100
        refresh_interval: 1s
  - job_name: aaaa
    dns_sd_configs:
      - names: [web.svc.internal]
        type: AAAA
        port: 9100
        refresh_interval: 1s
  - job_name: rollcall
    static_configs:
      - targets: ["{metrics}"]
"""
START_WITHIN = 30
FOLLOW_WITHIN = 20  # Prometheus itself passes changes on every 5 s


class PrometheusTest(Case):
    def setUp(self):
        program = need_program("prometheus")
        address = free_address_for_port_53()
        front = resolving_through(address, self.directory)
        self.rollcalld = self.server("--dns", f"{address}:53")
        self.api = self.api_of(self.rollcalld)
        self.port = free_port()
        path = self.directory / "prometheus.yml"
        path.write_text(CONFIGURATION.format(metrics=f"{self.rollcalld.address}:{self.rollcalld.http_port}"))
        self.start("prometheus", [*front, program, f"--config.file={path}", f"--storage.tsdb.path={self.directory}/tsdb",
                                  f"--web.listen-address=127.0.0.1:{self.port}"])
        self.eventually(lambda: self.get("/-/ready") is not None, "Prometheus is ready", START_WITHIN)

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read()
        except OSError:
            return None

    def targets(self, job):
        """{host:port} of the active targets of a job."""
        active = json.loads(self.get("/api/v1/targets?state=active"))["data"]["activeTargets"]
        return {target["discoveredLabels"]["__address__"] for target in active if target["scrapePool"] == job}

    def expect(self, **jobs):
        self.eventually_equal(jobs, lambda: {job: self.targets(job) for job in jobs}, FOLLOW_WITHIN)

    def test_targets_follow_registrations(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", 9001)
        self.api.expect_registered("web", "i-2", ["192.0.2.2", "2001:db8::2"], 9002)
        self.expect(srv={"i-1.web.svc.internal:9001", "i-2.web.svc.internal:9002"},
                    a={"192.0.2.1:9100", "192.0.2.2:9100"}, aaaa={"[2001:db8::2]:9100"})

        self.api.expect_registered("web", "i-3", "192.0.2.3", 9003, ttl="10s")
        self.expect(srv={f"i-{n}.web.svc.internal:900{n}" for n in (1, 2, 3)})
        self.api.expect_deregistered("web", "i-2")  # and the lease of i-3 ends by itself
        self.expect(srv={"i-1.web.svc.internal:9001"}, a={"192.0.2.1:9100"}, aaaa=set())

        self.api.expect_deregistered("web", "i-1")
        self.expect(srv=set(), a=set())

    def test_a_service_too_large_for_udp_is_found_whole(self):
        for n in range(100):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n + 1}", 9000 + n)
        self.expect(srv={f"i-{n}.web.svc.internal:{9000 + n}" for n in range(100)})

    def test_the_servers_own_metrics_can_be_scraped(self):
        def health():
            active = json.loads(self.get("/api/v1/targets?state=active"))["data"]["activeTargets"]
            return [(t["health"], t["lastError"]) for t in active if t["scrapePool"] == "rollcall"]

        self.eventually_equal([("up", "")], health, FOLLOW_WITHIN)
