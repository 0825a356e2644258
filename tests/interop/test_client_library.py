"""The client library's examples against a real server: they find, choose, go on without it, and stay on the roll.

ROLLCALL_OUTAGE_SECONDS: how long the server is away (3 unless set; 60 is the long run).
"""

import os
import socket
import time
import unittest

from tests.support.case import Case
from tests.support.processes import environment, run
from tests.support.rollcall import BINARY

OUTAGE_SECONDS = float(os.environ.get("ROLLCALL_OUTAGE_SECONDS") or 3)
BACK_WITHIN = 2


class ClientLibrary(Case):
    def setUp(self):
        if not self.example("resolve").exists():
            raise unittest.SkipTest("the examples have not been built")
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def example(self, name):
        return BINARY.parent / f"example_{name}"

    def environment(self, **changes):
        here = {"ROLLCALL_DNS": f"127.0.0.1:{self.rollcalld.dns_port}",
                "ROLLCALL_HTTP": f"http://127.0.0.1:{self.rollcalld.http_port}"}
        return environment(**{**here, **changes})

    def run_example(self, name, *arguments, **changes):
        return run([self.example(name), *arguments], env=self.environment(**changes))

    def start_example(self, name, *arguments, as_name=None, **changes):
        return self.start(as_name or name, [self.example(name), *arguments], env=self.environment(**changes))

    def test_resolve_prints_every_endpoint(self):
        for n in (1, 2, 3):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n}", 8000 + n, priority=n, weight=10 * n)
        done = self.run_example("resolve", "web")
        self.assertEqual(done.stdout.splitlines(),
                         [f"192.0.2.{n}:{8000 + n} i-{n}.web.svc.internal priority {n} weight {10 * n}" for n in (1, 2, 3)])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_two_hundred_endpoints_come_with_all_their_addresses(self):
        for n in range(200):
            self.api.expect_registered("big", f"i-{n}", f"192.0.2.{n}", 8000 + n)
        lines = self.run_example("resolve", "big").stdout.splitlines()
        self.assertEqual({line.split()[0] for line in lines}, {f"192.0.2.{n}:{8000 + n}" for n in range(200)})

    def test_both_addresses_of_an_instance_are_one_endpoint(self):
        self.api.expect_registered("web", "i-1", ["2001:db8::1", "192.0.2.1"], 8080)
        self.assertEqual(len(self.run_example("resolve", "_web._tcp.svc.internal").stdout.splitlines()), 1)

    def test_why_there_is_nobody_is_told(self):
        self.api.expect_registered("web", "i-1")
        self.api.expect_deregistered("web", "i-1")
        done = self.run_example("resolve", "web")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "no_endpoints: web.svc.internal has no endpoint at the moment\n"))
        done = self.run_example("resolve", "nothing")
        self.assertEqual(done.stderr, "unknown_name: there is no name nothing.svc.internal\n")
        done = self.run_example("resolve", "nothing.example")
        self.assertIn("answers REFUSED", done.stderr)
        self.rollcalld.stop()
        done = self.run_example("resolve", "web")
        self.assertEqual(done.stderr, "unreachable: web.svc.internal cannot be looked up: the name server "
                                      f"127.0.0.1:{self.rollcalld.dns_port} cannot be reached\n")

    def test_from_c(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", 8080)
        done = self.run_example("pick", "web")
        self.assertEqual((done.returncode, done.stdout), (0, "192.0.2.1 8080 i-1.web.svc.internal\n"), done.stderr)
        done = self.run_example("pick", "web", ROLLCALL_DNS="nowhere")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("ROLLCALL_DNS: \"nowhere\" is no name server", done.stderr)

    def test_an_endpoint_that_refuses_is_followed_by_one_that_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            self.api.expect_registered("web", "good", "127.0.0.1", port, priority=2)
            self.api.expect_registered("web", "bad", "127.0.0.1", closed.getsockname()[1], priority=1)
            done = self.run_example("connect", "web")
        self.assertEqual(done.stdout, f"connected to 127.0.0.1:{port}\n", done.stderr)
        self.assertIn("Connection refused", done.stderr)

    def test_the_second_server_is_asked_when_the_first_is_away(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", 8080)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            servers = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{self.rollcalld.dns_port}"
            done = self.run_example("resolve", "web", ROLLCALL_DNS=servers)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_while_the_server_is_away_the_last_good_answer_goes_on_and_is_replaced_when_it_is_back(self):
        for n in (1, 2):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n}", 80)
        asking = self.start_example("keep_asking", "web")
        both = "192.0.2.1:80 192.0.2.2:80"
        self.eventually_equal([f"found {both}"], lambda: asking.stdout().splitlines())
        self.rollcalld.kill()
        time.sleep(OUTAGE_SECONDS)
        self.assertEqual(asking.stdout().splitlines(), [f"found {both}", f"found stale {both}"])
        self.rollcalld.start()
        self.eventually_equal(f"found {both}", lambda: asking.stdout().splitlines()[-1], timeout=BACK_WITHIN)
        self.api_of(self.rollcalld).expect_registered("web", "i-3", "192.0.2.3", 80)
        self.eventually_equal(f"found {both} 192.0.2.3:80", lambda: asking.stdout().splitlines()[-1])
        self.assertNotIn("no choice", asking.stdout())

    def test_what_has_no_endpoints_any_more_is_not_kept(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", 80)
        asking = self.start_example("keep_asking", "web")
        self.eventually_equal(["found 192.0.2.1:80"], lambda: asking.stdout().splitlines())
        self.api.expect_deregistered("web", "i-1")
        self.eventually_equal("no_endpoints", lambda: asking.stdout().splitlines()[-1])

    def test_a_registration_begins_lasts_and_ends(self):
        serving = self.start_example("serve", "shop", "8080", "shop-1")
        self.eventually_equal({"shop-1"}, lambda: self.api.ids("shop"))
        instance = self.api.instances("shop")["shop-1"]
        self.assertEqual((instance["address"], instance["port"], instance["ttl"]), ("127.0.0.1", 8080, "3s"))
        time.sleep(4)  # longer than its lease
        self.assertEqual(self.api.ids("shop"), {"shop-1"})
        self.assertEqual(serving.stop(), 0)
        self.assertEqual(self.api.ids("shop"), set())
        self.assertEqual(serving.stdout(), "registered\nderegistered\n")

    def test_who_was_taken_off_the_roll_registers_again(self):
        self.start_example("serve", "shop", "8080", "shop-1")
        self.eventually_equal({"shop-1"}, lambda: self.api.ids("shop"))
        self.api.expect_deregistered("shop", "shop-1")
        self.eventually_equal({"shop-1"}, lambda: self.api.ids("shop"), timeout=3)

    def test_a_registration_comes_back_by_itself_after_an_outage_longer_than_its_lease(self):
        serving = self.start_example("serve", "shop", "8080", "shop-1")
        self.eventually_equal("registered\n", serving.stdout)
        self.rollcalld.kill()
        self.eventually_equal("registered\nout of touch\n", serving.stdout, timeout=6)
        time.sleep(max(0, OUTAGE_SECONDS - 3))
        for file in self.directory.glob("rollcall.db*"):
            file.unlink()
        self.rollcalld.start()
        self.eventually_equal("registered\nout of touch\nin touch again\n", serving.stdout, timeout=BACK_WITHIN)
        self.assertEqual(self.api_of(self.rollcalld).ids("shop"), {"shop-1"})

    def test_with_two_registries_it_is_registered_with_both_and_content_with_one(self):
        other = self.server(name="other", database=self.directory / "other.db")
        registries = [f"http://127.0.0.1:{server.http_port}" for server in (self.rollcalld, other)]
        serving = self.start_example("serve", "shop", "8080", "shop-1", *registries)
        self.eventually_equal({"shop-1"}, lambda: self.api.ids("shop"))
        self.eventually_equal({"shop-1"}, lambda: self.api_of(other).ids("shop"))
        other.kill()
        time.sleep(4)
        self.assertEqual(serving.stdout(), "registered\n")
        self.assertEqual(self.api.ids("shop"), {"shop-1"})

    def test_a_refusal_is_told(self):
        serving = self.start_example("serve", "no/label", "8080")
        self.eventually(lambda: serving.stderr(), "a sentence")
        self.assertIn("service", serving.stderr())
        serving.stop()


if __name__ == "__main__":
    unittest.main()
