"""Alert rules and the dashboard of packaging/: valid, and about metrics that exist; metrics of the process, of reloads and of
certificates."""

import json
import re
import socket
import threading
import time

import dns.message
import dns.opcode
import dns.rrset

from tests.support import certificates
from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program, run

RULES = REPOSITORY / "packaging/prometheus/rollcall.rules.yml"
RULES_TEST = REPOSITORY / "packaging/prometheus/rollcall.test.yml"
DASHBOARD = REPOSITORY / "packaging/grafana/rollcall.json"
METRICS_TABLE = re.compile(r"^## Metrics\n(.*?)^## ", re.M | re.S)
NAMED = re.compile(r"\b(?:rollcall|process)_[a-z_]+\b")
SAMPLE = re.compile(r"^([a-z_]+)(?:\{([^}]*)\})? (\S+)$", re.M)


SETTINGS = certificates.LISTENERS + """\
[[zone]]
name = "svc.internal"
file = "{zone}"
transfer_to = ["127.0.0.0/8"]
notify = ["127.0.0.1:{secondary}"]
"""


class Secondary(threading.Thread):
    """Answers what it is asked: NOTIFY with an empty reply, SOA with a serial that is so far behind."""

    def __init__(self, behind):
        super().__init__(daemon=True)
        self.behind = behind
        self.serial = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                octets, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            asked = dns.message.from_wire(octets)
            reply = dns.message.make_response(asked)
            if asked.opcode() == dns.opcode.NOTIFY:
                self.serial = asked.answer[0][0].serial
            elif self.serial is not None:
                soa = f"ns. hostmaster. {(self.serial - self.behind) % 2**32} 10 5 3600 1"
                reply.answer = [dns.rrset.from_text(asked.question[0].name, 1, "IN", "SOA", soa)]
            self.socket.sendto(reply.to_wire(), peer)


class MonitoringTest(Case):
    def setUp(self):
        self.certificate, self.key = certificates.make(self.directory)
        self.secondary = Secondary(behind=3)
        self.addCleanup(self.secondary.socket.close)
        self.secondary.start()
        self.settings = SETTINGS.format(certificate=self.certificate, key=self.key, zone=self.zone_file(),
                                        secondary=self.secondary.port)
        self.rollcalld = self.server("--config", self.settings_file(self.settings))
        self.api = self.api_of(self.rollcalld)

    def metrics(self):
        text = self.api.call("GET", "/metrics").body
        text = text.decode() if isinstance(text, bytes) else text
        return {(name, labels): float(value) for name, labels, value in SAMPLE.findall(text)}

    def value(self, name, labels=""):
        return self.metrics()[name, labels]

    def exported(self):
        """The families of a page of which something was registered, asked, renewed; without _bucket, _sum, _count."""
        self.api.expect_registered("web", "i-1", "192.0.2.1", 80)
        self.rollcalld.dns().ask("nobody.svc.internal")
        self.eventually(lambda: ("rollcall_secondary_serial_lag", self.secondary_label()) in self.metrics(),
                        "the secondary has told its serial", 20)
        text = self.api.call("GET", "/metrics").body.decode()
        return {name: kind for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)}

    def secondary_label(self):
        return f'secondary="127.0.0.1:{self.secondary.port}"'

    def test_every_metric_that_rules_and_dashboard_name_exists(self):
        dashboard = json.loads(DASHBOARD.read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        queries += [variable["query"] for variable in dashboard["templating"]["list"]]
        queries += re.findall(r"^ +expr: (.*)$", RULES.read_text(), re.M)
        named = {name for query in queries for name in NAMED.findall(query)}
        self.assertGreater(len(named), 20)
        families = self.exported()
        samples = set(families) | {f"{name}_bucket" for name, kind in families.items() if kind == "histogram"}
        self.assertEqual(set(), named - samples)

    def test_the_documents_list_every_metric_with_its_type_and_no_other(self):
        text = METRICS_TABLE.search((REPOSITORY / "docs/operations.md").read_text())[1]
        rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.M))
        families = self.exported()
        self.assertEqual({}, {name: kind for name, kind in families.items() if rows.get(name) != kind})
        sources = "".join(path.read_text() for path in (REPOSITORY / "src").rglob("*.[ch]*"))
        counted = {name for name in NAMED.findall(sources) if f'"{name}",' in sources}
        self.assertEqual(set(), set(families) - counted)
        self.assertEqual(counted, set(rows))

    def test_the_dashboard_can_be_imported(self):
        dashboard = json.loads(DASHBOARD.read_text())
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
        self.assertEqual(len(places), len(set(places)))
        self.assertEqual(len(places), len({panel["id"] for panel in dashboard["panels"]}))
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                with self.subTest(panel["title"]):
                    self.assertEqual("${datasource}", target["datasource"]["uid"])
                    self.assertTrue(target["legendFormat"])

    def test_the_rules_are_valid_and_fire_when_they_should(self):
        promtool = need_program("promtool")
        checked = run([promtool, "check", "rules", RULES])
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)
        fired = run([promtool, "test", "rules", RULES_TEST])
        self.assertEqual(0, fired.returncode, fired.stdout + fired.stderr)
        for alert in re.findall(r"alert: (\w+)", RULES.read_text()):
            self.assertIn(alert, RULES_TEST.read_text())

    def test_metrics_of_the_process(self):
        self.assertLess(abs(self.value("process_start_time_seconds") - time.time()), 600)
        self.assertGreater(self.value("process_resident_memory_bytes"), 1 << 20)
        self.assertGreater(self.value("process_virtual_memory_bytes"), self.value("process_resident_memory_bytes"))
        self.assertGreater(self.value("process_max_fds"), self.value("process_open_fds"))
        before = self.value("process_open_fds")
        more = [self.api_of(self.rollcalld) for _ in range(5)]
        for api in more:
            api.call("GET", "/healthz")
        self.assertGreaterEqual(self.value("process_open_fds"), before + 5)
        self.assertGreater(self.value("process_cpu_seconds_total"), 0)

    def test_a_reload_that_fails_is_seen_and_leaves_the_time_of_the_last_good_one(self):
        self.assertEqual(1, self.value("rollcall_reload_successful"))
        started = self.value("rollcall_reload_success_timestamp_seconds")
        self.assertLess(abs(started - time.time()), 60)
        self.settings_file("[dns\n")
        self.rollcalld.reload()
        self.eventually(lambda: self.value("rollcall_reload_successful") == 0, "the reload has failed")
        self.assertEqual(started, self.value("rollcall_reload_success_timestamp_seconds"))
        self.settings_file(self.settings)
        self.rollcalld.reload()
        self.eventually(lambda: self.value("rollcall_reload_successful") == 1, "the reload has succeeded")
        self.assertGreaterEqual(self.value("rollcall_reload_success_timestamp_seconds"), started)

    def test_the_end_of_the_certificate_is_that_of_the_one_in_use(self):
        end = run(["openssl", "x509", "-in", self.certificate, "-noout", "-enddate", "-dateopt", "iso_8601"]).stdout
        wanted = end.strip().partition("=")[2]
        for protocol in ("dns", "http"):
            told = self.value("rollcall_certificate_end_timestamp_seconds", f'protocol="{protocol}"')
            self.assertEqual(wanted, time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(told)))

    def test_answers_are_counted_with_their_time_by_transport(self):
        for _ in range(3):
            self.rollcalld.dns().ask("fixed.svc.internal")
        self.rollcalld.dns().ask("fixed.svc.internal", tcp=True)
        for transport, wanted in (("udp", 3), ("tcp", 1)):
            self.eventually_equal(wanted, lambda t=transport: self.value("rollcall_dns_answer_seconds_count", f'transport="{t}"'))
            self.assertGreater(self.value("rollcall_dns_answer_seconds_sum", f'transport="{transport}"'), 0)
            metrics = self.metrics()
            buckets = [value for (name, labels), value in metrics.items()
                       if name == "rollcall_dns_answer_seconds_bucket" and f'transport="{transport}"' in labels]
            self.assertEqual(sorted(buckets), buckets)
            self.assertEqual(wanted, buckets[-1])

    def test_instances_are_counted_by_service_and_status(self):
        for n in (1, 2):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n}", 80)
        self.assertEqual(200, self.api.call("POST", "/v1/services/web/instances/i-2/drain").status)
        for status, wanted in (("ready", 1), ("draining", 1), ("critical", 0)):
            labels = f'zone="svc.internal",service="web",status="{status}"'
            self.assertEqual(wanted, self.value("rollcall_service_instances", labels))

    def test_a_large_roll_has_some_hundred_rows(self):
        for n in range(300):
            self.api.expect_registered(f"s{n:03}", "a", "192.0.2.1", 80)
        rows = {labels: value for (name, labels), value in self.metrics().items() if name == "rollcall_service_instances"}
        self.assertEqual(3 * 101, len(rows))
        self.assertEqual(200, rows['zone="(other)",service="(other)",status="ready"'])
        self.assertEqual(300, sum(rows.values()))

    def test_a_secondary_that_is_behind_is_seen(self):
        label = self.secondary_label()
        self.eventually(lambda: ("rollcall_secondary_serial_lag", label) in self.metrics(), "it has told its serial", 20)
        self.eventually_equal(1, lambda: self.value("rollcall_secondary_tells_serial", label), 20)
        self.assertEqual(3, self.value("rollcall_secondary_serial_lag", label))
        self.assertGreater(self.value("rollcall_secondary_behind_seconds", label), 0)
