"""A registration that was answered is in the DNS, and a deregistration that was answered is out of it, at the very next
question."""

from tests.support.case import Case

ROUNDS = 300


class ReadYourWritesTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)

    def test_300_registrations_are_each_visible_at_once_and_gone_at_once(self):
        for n in range(ROUNDS):
            address = f"192.0.2.{n % 250 + 1}"
            self.api.expect_registered("web", f"i-{n}", address, 1000 + n)
            self.assertIn((1, 1, 1000 + n, f"i-{n}.web.svc.internal."), self.dns.srv("web.svc.internal", tcp=n > 15))
            self.assertEqual({address}, self.dns.addresses(f"i-{n}.web.svc.internal"))
        for n in range(ROUNDS):
            self.api.expect_deregistered("web", f"i-{n}")
            self.assertEqual(set(), self.dns.addresses(f"i-{n}.web.svc.internal"))
            self.assertEqual(ROUNDS - n - 1, len(self.dns.ports("_web._tcp.svc.internal", tcp=True)))

    def test_300_services_are_each_visible_at_once(self):
        for n in range(ROUNDS):
            self.assertEqual(set(), self.dns.addresses(f"s-{n}.svc.internal"))
            self.api.expect_registered(f"s-{n}", "i-1", "192.0.2.1")
            self.assertEqual({"192.0.2.1"}, self.dns.addresses(f"s-{n}.svc.internal"))
            self.api.expect_deregistered(f"s-{n}", "i-1")
            self.assertEqual(set(), self.dns.addresses(f"s-{n}.svc.internal"))

    def test_an_update_is_visible_at_once(self):
        for n in range(1, 101):
            self.api.expect_registered("web", "i-1", f"192.0.2.{n + 1}", 1000 + n, weight=n)
            self.assertEqual({f"192.0.2.{n + 1}"}, self.dns.addresses("web.svc.internal"))
            self.assertEqual({(1, n, 1000 + n, "i-1.web.svc.internal.")}, self.dns.srv("web.svc.internal"))

    def test_the_next_read_over_http_agrees_with_the_dns(self):
        for n in range(50):
            self.api.expect_registered("web", f"i-{n}", "192.0.2.1", 1000 + n)
            self.assertEqual({f"i-{m}" for m in range(n + 1)}, self.api.ids("web"))
