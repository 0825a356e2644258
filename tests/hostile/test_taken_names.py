"""Names that two would have: a service and the zone file, a service and another zone, an id and a tag. One rule for a
registration, for a row that somebody writes into the database, and for a start; whichever of the two came first."""

import sqlite3

from tests.support.case import Case
from tests.support.rollcall import ZONE

NEW = "INSERT INTO instance (zone, service, id, addresses, port, ttl_ms, tags) VALUES "
INNER = "@ 1 IN SOA ns.example. h.example. 1 10 5 3600 1\n@ 1 IN NS ns.example.\n"


class TakenNamesTest(Case):
    def begin(self, *arguments, zone=ZONE):
        self.rollcalld = self.server("--zone", f"svc.internal={self.zone_file(zone)}", *arguments)
        self.connect()

    def connect(self):
        self.api, self.dns = self.api_of(self.rollcalld), self.rollcalld.dns()

    def restart(self):
        self.rollcalld.restart()
        self.connect()

    def reload_with(self, text):
        self.zone_file(text)
        self.rollcalld.reload()

    def edit(self, sql):
        with sqlite3.connect(self.rollcalld.database, timeout=5) as database:
            database.execute(sql)
        database.close()

    def ignored(self):
        return self.api.call("GET", "/v1/status").json["ignored_rows"]

    def rows(self):
        database = sqlite3.connect(self.rollcalld.database, timeout=5)
        try:
            return sorted(f"{service}/{id}" for service, id in database.execute("SELECT service, id FROM instance"))
        finally:
            database.close()

    def expect_conflict(self, answer, *words):
        self.assertEqual(409, answer.status, answer)
        for word in words:
            self.assertIn(word, answer.json["detail"])

    def text(self, name):
        return {record.strings[0].decode() for record in self.dns.records(name, "TXT")}

    def test_a_zone_file_that_took_the_name_of_a_service_could_not_be_reloaded_and_lost_after_a_restart(self):
        self.begin()
        self.api.expect_registered("web", "a", "192.0.2.1", ttl="1h")
        self.api.expect_registered("db", "a", "192.0.2.2", ttl="1h")
        told = "instance web/a in zone svc.internal: the zone file has the name web.svc.internal"
        self.reload_with(ZONE + 'web IN TXT "of the file"\nnew IN A 203.0.113.10\n')
        self.eventually_equal({"of the file"}, lambda: self.text("web.svc.internal"))
        for _ in range(2):
            self.assertEqual({"203.0.113.10"}, self.dns.addresses("new.svc.internal"))
            self.assertEqual(set(), self.dns.addresses("web.svc.internal"))
            self.assertEqual(set(), self.dns.addresses("a.web.svc.internal"))
            self.assertEqual({"192.0.2.2"}, self.dns.addresses("db.svc.internal"))
            self.assertEqual(404, self.api.call("GET", "/v1/services/web").status)
            self.assertEqual(404, self.api.heartbeat("web", "a").status)
            self.expect_conflict(self.api.register("web", "a", "192.0.2.1"), "the zone file has the name")
            self.assertEqual(["db/a", "web/a"], self.rows())
            (sentence,) = self.ignored()
            self.assertTrue(sentence.startswith(told), sentence)
            self.restart()
        # Another reload is taken, and the name comes back with the next one.
        self.reload_with(ZONE + 'web IN TXT "again"\n')
        self.eventually_equal({"again"}, lambda: self.text("web.svc.internal"))
        self.reload_with(ZONE)
        self.eventually_equal({"192.0.2.1"}, lambda: self.dns.addresses("web.svc.internal"))
        self.eventually_equal([], self.ignored)
        self.assertEqual(set(), self.text("web.svc.internal"))
        self.assertEqual(200, self.api.heartbeat("web", "a").status)
        events = self.api.call("GET", "/v1/events?service=web").json["events"]
        self.assertIn(("deregistered", "name taken by a zone"), [(event["event"], event["cause"]) for event in events])

    def test_a_row_that_was_ignored_was_on_the_roll_after_a_restart(self):
        self.begin()
        self.api.expect_registered("web", "m", "192.0.2.1", ttl="1h", tags=["blue"])
        self.edit(NEW + """('svc.internal', 'web', 'blue', '["192.0.2.2"]', 80, 3600000, '[]'),
                           ('svc.internal', 'web', 'a', '["192.0.2.3"]', 80, 3600000, '["m"]'),
                           ('svc.internal', 'web', 'M', '["192.0.2.4"]', 80, 3600000, '[]'),
                           ('svc.internal', 'fixed', 'a', '["192.0.2.5"]', 80, 3600000, '[]'),
                           ('svc.internal', 'dns-sd', 'b', '["192.0.2.6"]', 80, 3600000, '[]'),
                           ('elsewhere.example', 'web', 'a', '["192.0.2.7"]', 80, 3600000, '[]')""")
        self.eventually(lambda: len(self.ignored()) == 6, "six rows are ignored")
        before = self.ignored()
        for _ in range(2):
            self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
            self.assertEqual({"192.0.2.1"}, self.dns.addresses("blue.web.svc.internal"))
            self.assertEqual({"203.0.113.7"}, self.dns.addresses("fixed.svc.internal"))
            self.restart()
            self.eventually_equal(before, self.ignored)
        # What was in their way leaves: they come in the order in which they were written, and M has a
        # tag in its way now.
        self.api.expect_deregistered("web", "m")
        self.eventually_equal({"192.0.2.2", "192.0.2.3"}, lambda: self.dns.addresses("web.svc.internal"))
        self.eventually(lambda: len(self.ignored()) == 4, "two of them are on the roll")
        self.restart()
        self.assertEqual({"192.0.2.2", "192.0.2.3"}, self.dns.addresses("web.svc.internal"))

    def test_rows_written_while_no_server_ran_come_after_those_that_were_on_the_roll(self):
        self.begin()
        self.api.expect_registered("web", "m", "192.0.2.1", ttl="1h", tags=["blue"])
        self.assertEqual(0, self.rollcalld.stop())
        self.edit(NEW + """('svc.internal', 'web', 'a', '["192.0.2.3"]', 80, 3600000, '["m"]'),
                           ('svc.internal', 'web', 'b', '["192.0.2.4"]', 80, 3600000, '["blue"]')""")
        self.rollcalld.start()
        self.connect()
        self.assertEqual({"192.0.2.1", "192.0.2.4"}, self.dns.addresses("web.svc.internal"))
        (sentence,) = self.ignored()
        self.assertIn("instance web/a in zone svc.internal: the tag \"m\" is the label of the instance \"m\"", sentence)

    def test_a_service_row_that_is_too_long_for_its_zone_aborted_each_start(self):
        zone = ".".join(["z" * 60] * 3 + ["y" * 20])
        self.begin("--zone", f"{zone}={self.zone_file(INNER, 'long.zone')}")
        self.edit(NEW + f"""('{zone}', '{"s" * 55}', 'a', '["192.0.2.3"]', 80, 3600000, '[]')""")
        self.eventually(lambda: len(self.ignored()) == 1, "the row is ignored")
        self.restart()
        self.assertEqual(1, len(self.ignored()))
        self.edit(f"""INSERT INTO service (zone, name) VALUES ('{zone}', '{"t" * 60}')""")
        self.restart()
        self.api.expect_registered("web", "a", "192.0.2.1")

    def test_a_service_whose_names_were_in_another_zone_was_acknowledged_and_not_found(self):
        arguments = []
        for apex in ("web.svc.internal", "a.api.svc.internal", "_tcp.lab.internal", "lab.internal"):
            arguments += ["--zone", f"{apex}={self.zone_file(INNER, apex)}"]
        self.begin(*arguments)
        refused = [("web", "a", "svc.internal", []), ("api", "a", "svc.internal", []), ("api", "b", "svc.internal", ["a"]),
                   ("any", "a", "lab.internal", [])]
        for service, id, zone, tags in refused:
            with self.subTest(service=service, id=id):
                body = {"service": service, "id": id, "zone": zone, "address": "192.0.2.1", "port": 80, "tags": tags}
                self.expect_conflict(self.api.call("POST", "/v1/heartbeat", body), "which is served here too")
        self.api.expect_registered("api", "b", "192.0.2.1", tags=["c"])
        for options in ({}, {"payload": 1232}, {"tcp": True}):
            with self.subTest(options=options):
                for name in ("api", "b.api", "c.api"):
                    self.assertEqual({"192.0.2.1"}, self.dns.addresses(f"{name}.svc.internal", **options))
                self.assertEqual({80}, self.dns.ports("_api._tcp.svc.internal", **options))
        # The same zone, served from the next start on.
        self.rollcalld.arguments += ["--zone", f"b.api.svc.internal={self.zone_file(INNER, 'b.api')}"]
        self.restart()
        (sentence,) = self.ignored()
        self.assertIn("the name b.api.svc.internal is in the zone b.api.svc.internal", sentence)
        self.assertEqual(set(), self.dns.addresses("api.svc.internal"))

    def test_a_challenge_in_the_zone_file_kept_the_service_off_the_roll(self):
        static = {"_grpc_config.web": "config", "_acme-challenge.web": "challenge", "x.y.web": "deep", "*.web": "any"}
        lines = "".join(f'{name} IN TXT "{text}"\n' for name, text in static.items())
        self.begin(zone=ZONE + lines)
        self.api.expect_registered("web", "a", "192.0.2.1", tags=["blue"])
        for options in ({}, {"payload": 1232}, {"tcp": True}):
            with self.subTest(options=options):
                self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal", **options))
                self.assertEqual({"192.0.2.1"}, self.dns.addresses("blue.web.svc.internal", **options))
                for name, text in static.items():
                    name = name.replace("*", "other")
                    (record,) = self.dns.records(f"{name}.svc.internal", "TXT", **options)
                    self.assertEqual(text, record.strings[0].decode())
                self.assertEqual([], self.dns.records("x.a.web.svc.internal", "TXT", **options))
        self.reload_with(ZONE + lines + 'a.web IN TXT "taken"\n')
        self.eventually_equal({"taken"}, lambda: self.text("a.web.svc.internal"))
        (sentence,) = self.ignored()
        self.assertIn("instance web/a in zone svc.internal: the zone file has the name a.web.svc.internal", sentence)
        self.api.expect_registered("web", "b", "192.0.2.2")
        self.assertEqual({"192.0.2.2"}, self.dns.addresses("web.svc.internal"))
