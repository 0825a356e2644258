"""What a client may ask for with EDNS, and who the server says it is: NSID, cookies, keepalive, extended errors, CHAOS."""

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.support.case import Case

CLIENT_COOKIE = bytes.fromhex("2464c4abcf10c957")
OLD_SECRET, NEW_SECRET = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"


def option(code, content=b""):
    return dns.edns.GenericOption(code, content)


class EdnsCase(Case):
    def started(self, settings):
        self.rollcalld = self.server("--config", self.settings_file("[dns]\n" + settings))
        return self.rollcalld

    def ask(self, name, rtype="A", options=(), tcp=False, server=None, **how):
        server = server or self.rollcalld
        query = dns.message.make_query(name, rtype, use_edns=0, options=list(options), **how)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, server.address, port=server.dns_port, timeout=5)

    def content(self, reply, code):
        """Of the one option with this code; None: there is none."""
        found = [o.to_wire() for o in reply.options if o.otype == code]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None


class Identity(EdnsCase):
    def setUp(self):
        self.started('nsid = "dns1"\nversion = "rollcall 1"\nhostname = ""\n')

    def chaos(self, name, rtype="TXT"):
        query = dns.message.make_query(name, rtype, "CH")
        return dns.query.udp(query, self.rollcalld.address, port=self.rollcalld.dns_port, timeout=5)

    def test_nsid_is_told_to_who_asks_and_to_nobody_else(self):  # RFC 5001
        self.assertEqual(b"dns1", self.content(self.ask("svc.internal", "SOA", [option(3)]), 3))
        self.assertEqual(b"dns1", self.content(self.ask("svc.internal", "SOA", [option(3, b"ignored")]), 3))
        self.assertIsNone(self.content(self.ask("svc.internal", "SOA"), 3))

    def test_chaos_names_say_what_the_settings_let_them(self):  # RFC 4892
        for name, text in (("version.bind", "rollcall 1"), ("VERSION.server", "rollcall 1"), ("id.server", "dns1")):
            reply = self.chaos(name)
            self.assertEqual([f'"{text}"'], [r.to_text() for r in reply.answer[0]], name)
            self.assertEqual(0, reply.answer[0].ttl)
        for name, rtype in (("hostname.bind", "TXT"), ("other.bind", "TXT"), ("version.bind", "A"), ("svc.internal", "SOA")):
            self.assertEqual(dns.rcode.REFUSED, self.chaos(name, rtype).rcode(), name)

    def test_keepalive_is_told_over_tcp_only(self):  # RFC 7828 §3.3
        self.assertIsNone(self.content(self.ask("svc.internal", "SOA", [option(11)]), 11))
        self.assertEqual(2, len(self.content(self.ask("svc.internal", "SOA", [option(11)], tcp=True), 11)))


class ExtendedErrors(EdnsCase):
    def setUp(self):
        self.started("")

    def code(self, reply):
        content = self.content(reply, 15)
        return None if content is None else int.from_bytes(content[:2], "big")

    def test_a_refusal_a_bad_type_and_an_empty_service_say_why(self):  # RFC 8914, RFC 9824 §3.5
        api = self.api_of(self.rollcalld)
        api.expect_registered("web", "i-1")
        api.expect_deregistered("web", "i-1")
        self.assertEqual(20, self.code(self.ask("www.example.org")))
        self.assertEqual(30, self.code(self.ask("ns.svc.internal", "TYPE128")))
        self.assertEqual(0, self.code(self.ask("web.svc.internal")))
        self.assertIsNone(self.code(self.ask("svc.internal", "SOA")))
        self.assertIsNone(self.code(self.ask("nobody.svc.internal")))


class Cookies(EdnsCase):
    def cookie(self, sent, name="svc.internal", server=None, **how):
        return self.content(self.ask(name, "SOA", [option(10, sent)], server=server, **how), 10)

    def test_a_client_gets_a_cookie_and_sends_it_back(self):  # RFC 7873 §5.2, RFC 9018 §4
        self.started(f'cookie_secrets = ["{NEW_SECRET}"]\n')
        first = self.cookie(CLIENT_COOKIE)
        self.assertEqual((24, CLIENT_COOKIE, 1), (len(first), first[:8], first[8]))
        self.assertEqual(first, self.cookie(first))
        wrong = first[:16] + bytes(8)
        self.assertEqual(first[:8], self.cookie(wrong)[:8])
        self.assertNotEqual(wrong, self.cookie(wrong))

    def test_a_cookie_of_no_legal_length_is_formerr(self):  # RFC 7873 §5.2.2
        self.started("")
        for size in (0, 7, 9, 15, 41):
            reply = self.ask("svc.internal", "SOA", [option(10, bytes(size))])
            self.assertEqual(dns.rcode.FORMERR, reply.rcode(), size)

    def test_a_query_without_a_question_asks_for_a_cookie(self):  # RFC 7873 §5.4
        self.started("")

        def reply_to(sent):
            query = dns.message.Message()
            query.use_edns(0, options=[option(10, sent)])
            return dns.query.udp(query, self.rollcalld.address, port=self.rollcalld.dns_port, timeout=5)

        good = reply_to(CLIENT_COOKIE)
        self.assertEqual(dns.rcode.NOERROR, good.rcode())
        self.assertEqual(24, len(self.content(good, 10)))
        self.assertEqual(dns.rcode.BADCOOKIE, reply_to(CLIENT_COOKIE + bytes(16)).rcode())

    def test_a_secret_is_changed_without_breaking_clients(self):  # RFC 9018 §5
        old = self.started(f'cookie_secrets = ["{OLD_SECRET}"]\n')
        from_old = self.cookie(CLIENT_COOKIE, server=old)
        both = self.settings_file(f'[dns]\ncookie_secrets = ["{NEW_SECRET}", "{OLD_SECRET}"]\n', name="both.toml")
        new = self.server("--config", both, name="new", database=self.directory / "new.db")
        query = dns.message.Message()
        query.use_edns(0, options=[option(10, from_old)])
        reply = dns.query.udp(query, new.address, port=new.dns_port, timeout=5)
        self.assertEqual(dns.rcode.NOERROR, reply.rcode())  # still accepted
        self.assertNotEqual(from_old, self.content(reply, 10))  # and replaced

    def test_cookies_can_be_turned_off(self):
        self.started("cookies = false\n")
        self.assertIsNone(self.cookie(CLIENT_COOKIE))
