"""What people ask dig and kdig for besides an address: cookies, the server's name, ANY, browsing, the version."""

import re

from tests.support.case import Case
from tests.support.processes import need_program, run


class DigOptions(Case):
    def setUp(self):
        settings = self.settings_file('[dns]\nnsid = "dns1"\nversion = "rollcall 1"\n')
        self.rollcalld = self.server("--config", settings, "--zone", f"svc.internal={self.zone_file()}")
        api = self.api_of(self.rollcalld)
        api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080, tags=["blue"], meta={"path": "/a"})

    def dig(self, *words, program="dig"):
        result = run([need_program(program), f"@{self.rollcalld.address}", "-p", self.rollcalld.dns_port, *words])
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        return result.stdout

    def answers(self, *words):
        return sorted(self.dig("+short", *words).split("\n")[:-1])

    def test_dig_is_given_a_cookie_and_finds_it_good_when_it_comes_again(self):
        text = self.dig("+cookie", "+nsid", "web.svc.internal")
        cookie = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", text)
        self.assertTrue(cookie, text)
        self.assertIn('; NSID: 64 6e 73 31 ("dns1")', text)
        again = self.dig(f"+cookie={cookie.group(1)}", "web.svc.internal")
        self.assertIn(f"; COOKIE: {cookie.group(1)} (good)", again)
        self.assertNotIn("NSID", again)

    def test_kdig_shows_the_servers_name(self):
        self.assertRegex(self.dig("+nsid", "web.svc.internal", program="kdig"), r'NSID: .*"dns1"')

    def test_any_is_one_rrset(self):  # RFC 8482 §4.1
        for name in ("web.svc.internal", "fixed.svc.internal", "svc.internal"):
            text = self.dig("+notcp", "ANY", name)
            self.assertIn("status: NOERROR", text)
            answer = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", text, re.S).group(1)
            self.assertEqual(1, len({line.split()[3] for line in answer.splitlines()}), text)
        self.assertIn("status: NXDOMAIN", self.dig("ANY", "nobody.svc.internal"))

    def test_services_are_browsed(self):  # RFC 6763
        self.assertEqual(["svc.internal."], self.answers("PTR", "b._dns-sd._udp.svc.internal"))
        self.assertEqual(["_web._tcp.svc.internal."], self.answers("PTR", "_services._dns-sd._udp.svc.internal"))
        self.assertEqual(["i-1._web._tcp.svc.internal."], self.answers("PTR", "_web._tcp.svc.internal"))
        self.assertEqual(["i-1._web._tcp.svc.internal."], self.answers("PTR", "_blue._sub._web._tcp.svc.internal"))
        self.assertEqual(["1 1 8080 i-1.web.svc.internal."], self.answers("SRV", "i-1._web._tcp.svc.internal"))
        self.assertEqual(['"path=/a"'], self.answers("TXT", "i-1._web._tcp.svc.internal"))

    def test_the_version_and_the_name_are_told_in_class_chaos(self):
        self.assertEqual(['"rollcall 1"'], self.answers("CH", "TXT", "version.bind"))
        self.assertEqual(['"dns1"'], self.answers("CH", "TXT", "id.server"))

    def test_dig_shows_why_a_question_is_refused(self):  # RFC 8914
        self.assertRegex(self.dig("example.net"), r"; EDE: 20 \(Not Authoritative\)")
