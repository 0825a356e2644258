"""kill -9: whatever was acknowledged is true after the restart, at once, with one full lease of grace."""

import time

from tests.support.case import Case
from tests.support.load import Writer

WRITERS = 16
ROUNDS = 3
SECONDS_OF_LOAD = 1.5


class KillTest(Case):
    def found(self, api, service):
        return {id: instance["port"] for id, instance in api.instances(service).items()}

    def test_every_acknowledged_change_survives_kill_9_under_16_writers(self):
        rollcalld = self.server()
        acknowledged = 0
        for round in range(ROUNDS):
            writers = [Writer(rollcalld, f"{round}-{n}") for n in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(SECONDS_OF_LOAD)
            rollcalld.kill()
            for writer in writers:
                writer.join(30)
            rollcalld.start()
            api, dns = self.api_of(rollcalld), rollcalld.dns()
            for writer in writers:
                self.assertEqual([], writer.contradictions(self.found(api, writer.service)))
                alive = {port for port in writer.certain.values() if port}
                self.assertLessEqual(alive, dns.ports(f"_{writer.service}._tcp.svc.internal", tcp=True))
                acknowledged += writer.acknowledged
        self.assertGreater(acknowledged, 100)
        print(f"\n{acknowledged} changes acknowledged before {ROUNDS} kills, none lost")

    def test_after_kill_9_each_instance_has_one_full_lease_of_grace(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
        time.sleep(2.5)
        rollcalld.kill()
        killed = time.monotonic()
        rollcalld.start()
        dns = rollcalld.dns()
        while time.monotonic() < killed + 2.8:
            self.assertEqual({"192.0.2.1"}, dns.addresses("web.svc.internal"))
            time.sleep(0.05)
        self.eventually_equal(set(), lambda: dns.addresses("web.svc.internal"), timeout=5)

    def test_time_the_server_was_away_does_not_count(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1", ttl="2s")
        rollcalld.kill()
        time.sleep(2.5)
        rollcalld.start()
        self.assertEqual({"192.0.2.1"}, rollcalld.dns().addresses("web.svc.internal"))
        self.assertEqual(200, self.api_of(rollcalld).heartbeat("web", "i-1").status)

    def test_leases_that_had_ended_do_not_come_back(self):
        rollcalld = self.server()
        api, dns = self.api_of(rollcalld), rollcalld.dns()
        api.expect_registered("web", "brief", "192.0.2.1", ttl="1s")
        api.expect_registered("web", "lasting", "192.0.2.2")
        self.eventually_equal({"192.0.2.2"}, lambda: dns.addresses("web.svc.internal"))
        time.sleep(1)  # the row's removal follows the end of the lease; afterwards it is on disk
        rollcalld.kill()
        rollcalld.start()
        self.assertEqual({"192.0.2.2"}, dns.addresses("web.svc.internal"))
        self.assertEqual({"lasting"}, self.api_of(rollcalld).ids("web"))

    def test_every_field_survives(self):
        rollcalld = self.server()
        fields = {"priority": 7, "weight": 8, "protocol": "udp", "tags": ["blue", "eu"], "meta": {"version": "1.2 ü"},
                  "ttl": "90s"}
        self.api_of(rollcalld).expect_registered("web", "Ünit:1", ["192.0.2.1", "2001:db8::1"], 8080, **fields)
        before = self.api_of(rollcalld).instances("web")["Ünit:1"]
        rollcalld.kill()
        rollcalld.start()
        after = self.api_of(rollcalld).instances("web")["Ünit:1"]
        self.assertEqual({**before, "expires_in_ms": None}, {**after, "expires_in_ms": None})
        for name, value in fields.items():
            if name != "ttl":
                self.assertEqual(value, after[name])

    def test_a_service_that_lost_its_last_instance_stays_known(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1")
        self.api_of(rollcalld).expect_deregistered("web", "i-1")
        rollcalld.kill()
        rollcalld.start()
        self.assertEqual(0, rollcalld.dns().ask("web.svc.internal").rcode())
        self.assertEqual(3, rollcalld.dns().ask("nobody.svc.internal").rcode())
