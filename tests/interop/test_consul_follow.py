"""`[consul] follow`: this server takes over what a Consul holds (docs/from-consul.md). A rollcalld plays the Consul, or answers
that are written by hand."""

import http.server
import json
import ssl
import threading
import time

from tests.support import certificates
from tests.support.case import Case

SERVICES, HEALTH = "/v1/catalog/services", "/v1/health/service/db"


def row(id, status="passing", node="db-1", address="192.0.2.1", port=5432):
    return {"Node": {"Node": node, "Address": address, "Meta": {"rack": "r1"}},
            "Service": {"ID": id, "Service": "db", "Port": port, "Tags": ["v1"], "Meta": {"k": "v"}, "Address": ""},
            "Checks": [{"Node": node, "CheckID": f"c-{id}", "Name": "alive", "Status": status, "ServiceID": id}]}


class ByHand:
    """A Consul of one service, whose answers a test sets: {path: (status, headers, body)}."""

    def __init__(self, certificate=None):
        """`certificate`: the paths of one and of its key, for https."""
        consul = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path, _, query = self.path.partition("?")
                with consul.changed:
                    consul.asked.append(self.path)
                    consul.tokens.add(self.headers.get("X-Consul-Token"))
                    if f"index={consul.index}&" in f"{query}&":
                        consul.changed.wait_for(lambda: f"index={consul.index}&" not in f"{query}&", 3)
                    status, body = consul.answers.get(path, (200, "[]"))
                    headers = {"X-Consul-Index": str(consul.index), "Content-Type": "application/json", **consul.headers}
                data = body.encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.index, self.answers, self.headers, self.asked, self.tokens = 10, {}, {}, [], set()
        self.changed = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def set(self, rows, index=None, **headers):
        self.say((200, json.dumps(rows)), index, **headers)

    def say(self, answer, index=None, **headers):
        with self.changed:
            self.index = self.index + 1 if index is None else index
            self.answers = {SERVICES: (200, '{"consul":[],"db":["v1"]}'), HEALTH: answer}
            self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
            self.changed.notify_all()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class FollowCase(Case):
    def follow(self, port, more="", scheme="http", **options):
        settings = self.settings_file(f'[consul]\nfollow = "{scheme}://127.0.0.1:{port}"\n{more}', "follow.toml")
        server = self.server("--config", settings, **options)
        self.here = self.api_of(server)
        return server

    def rows(self, *parameters):
        return self.here.call("GET", f"{HEALTH}?" + "&".join(parameters)).json

    def ids(self, *parameters):
        return sorted((row["Node"]["Node"], row["Service"]["ID"]) for row in self.rows(*parameters))

    def status(self):
        return self.here.call("GET", "/v1/status").json["follow"]


class FollowedRollcallTest(FollowCase):
    def setUp(self):
        self.consul = self.server(name="consul", database=self.directory / "consul.db")
        self.there = self.api_of(self.consul)

    def tell(self, path, body):
        answer = self.there.call("PUT", path, body)
        self.assertEqual(200, answer.status, answer)

    def register(self, id, status="passing", **more):
        one = row(id, status, **more)
        self.tell("/v1/catalog/register", {
            "Node": one["Node"]["Node"], "Address": one["Node"]["Address"], "NodeMeta": {"rack": "r1"},
            "Service": one["Service"], "Checks": one["Checks"]})

    def test_what_is_registered_there_is_here_with_its_status_and_goes_with_it(self):
        self.register("db-a")
        rollcalld = self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids("passing") == [("db-1", "db-a")], "the instance is taken over")
        [one] = self.rows()
        self.assertEqual(("192.0.2.1", 5432, ["v1"], "v", "r1", "alive"),
                         (one["Node"]["Address"], one["Service"]["Port"], one["Service"]["Tags"], one["Service"]["Meta"]["k"],
                          one["Node"]["Meta"]["rack"], one["Checks"][0]["Name"]))
        self.assertEqual(f"127.0.0.1:{self.consul.http_port}", one["Node"]["Meta"]["imported-from"])
        self.register("db-b", node="db-2", address="192.0.2.2")  # while its query waits
        self.eventually(lambda: len(self.ids("passing")) == 2, "another one")
        self.register("db-a", "critical")
        self.eventually(lambda: self.ids("passing") == [("db-2", "db-b")], "critical there is critical here")
        self.assertEqual(2, len(self.ids()))
        self.register("db-a")
        self.eventually(lambda: len(self.ids("passing")) == 2, "and revived")
        self.tell("/v1/catalog/deregister", {"Node": "db-2", "ServiceID": "db-b"})
        self.eventually(lambda: self.ids() == [("db-1", "db-a")], "what is gone there goes here")
        self.eventually(lambda: self.status()["in_step"], "the status says so")
        self.assertEqual((1, 1, [], ""), (self.status()["services"], self.status()["instances"], self.status()["left_out"],
                                          self.status()["why_not"]))
        metrics = self.here.call("GET", "/metrics").body.decode()
        self.assertIn("rollcall_consul_follow_in_step 1\n", metrics)
        self.tell("/v1/catalog/deregister", {"Node": "db-1", "ServiceID": "db-a"})
        self.eventually(lambda: self.ids() == [], "the last one too")
        self.assertIn("following the Consul at", rollcalld.log())

    def test_a_check_that_is_removed_there_holds_nobody_down_here(self):
        self.register("db-a", "critical")
        self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids() and not self.ids("passing"), "it is critical")
        self.tell("/v1/catalog/deregister", {"Node": "db-1", "CheckID": "c-db-a"})
        self.eventually(lambda: self.ids("passing") == [("db-1", "db-a")], "it passes without the check")

    def test_while_the_source_is_away_everything_stays_over_a_restart_too(self):
        self.register("db-a")
        self.register("db-b")
        rollcalld = self.follow(self.consul.http_port)
        self.eventually(lambda: len(self.ids("passing")) == 2, "they are taken over")
        self.consul.stop()
        self.eventually(lambda: not self.status()["in_step"], "it is seen to be away")
        self.assertIn(str(self.consul.http_port), self.status()["why_not"])
        self.assertEqual(2, len(self.ids("passing")))
        rollcalld.restart()
        self.here = self.api_of(rollcalld)
        self.assertEqual(2, len(self.ids("passing")))
        self.consul.start()
        self.there = self.api_of(self.consul)
        self.eventually(lambda: self.status()["in_step"], "it is followed again", timeout=20)
        self.tell("/v1/catalog/deregister", {"Node": "db-1", "ServiceID": "db-b"})
        self.eventually(lambda: self.ids() == [("db-1", "db-a")], "marks outlive the restart")
        self.assertIn("answers again", rollcalld.log())

    def test_what_was_removed_there_while_this_server_was_down_is_removed_at_its_start(self):
        self.register("db-a")
        rollcalld = self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids("passing"), "it is taken over")
        rollcalld.stop()
        self.tell("/v1/catalog/deregister", {"Node": "db-1", "ServiceID": "db-a"})
        rollcalld.start()
        self.here = self.api_of(rollcalld)
        self.eventually(lambda: self.ids() == [], "it is gone")

    def test_a_local_registration_takes_the_place_of_its_twin_for_good(self):
        self.register("db-a")
        self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids(), "it is taken over")
        self.assertEqual(200, self.here.call("PUT", "/v1/agent/service/register",
                                             {"Name": "db", "ID": "db-a", "Port": 5432, "Address": "192.0.2.1"}).status)
        own = self.here.call("GET", "/v1/agent/self").json["Config"]["NodeName"]
        self.eventually(lambda: self.ids() == [(own, "db-a")], "the twin is gone")
        self.register("db-a", "critical")  # its last word there
        time.sleep(0.5)
        self.assertEqual([(own, "db-a")], self.ids("passing"))
        self.here.call("PUT", "/v1/agent/service/deregister/db-a")
        time.sleep(1.5)
        self.assertEqual([], self.ids())  # what has moved is not taken again

    def test_two_nodes_with_one_id_are_two_instances_and_one_may_move(self):
        self.register("db", node="n1", address="192.0.2.1")
        self.register("db", node="n2", address="192.0.2.2")
        self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids() == [("n1", "db"), ("n2", "db")], "both are taken over")
        self.here.call("PUT", "/v1/agent/service/register", {"Name": "db", "ID": "db", "Port": 5432, "Address": "192.0.2.1"})
        own = self.here.call("GET", "/v1/agent/self").json["Config"]["NodeName"]
        self.eventually(lambda: self.ids() == sorted([(own, "db"), ("n2", "db")]), "one has moved")

    def test_a_consul_on_a_node_of_our_own_name_is_taken_over_as_well(self):
        own = self.there.call("GET", "/v1/agent/self").json["Config"]["NodeName"]
        self.tell("/v1/agent/service/register", {"Name": "db", "ID": "db-a", "Port": 1})
        self.follow(self.consul.http_port)
        self.eventually(lambda: self.ids() == [(own, "db-a")], "it is taken over")
        self.assertEqual(1, len(self.here.call("GET", "/v1/catalog/nodes").json))
        self.tell("/v1/agent/service/deregister/db-a", None)
        self.eventually(lambda: self.ids() == [], "and removed")


class FollowedByHandTest(FollowCase):
    def setUp(self):
        self.consul = ByHand()
        self.addCleanup(self.consul.close)
        self.consul.set([row("db-a"), row("db-b")])

    def start_following(self, more=""):
        rollcalld = self.follow(self.consul.server.server_address[1], more)
        self.eventually(lambda: len(self.ids("passing")) == 2, "they are taken over")
        return rollcalld

    def stays(self, *what):
        failures = self.status()["failures"]
        self.consul.say(*what[:1], **(what[1] if len(what) > 1 else {}))
        self.eventually(lambda: self.status()["failures"] > failures, f"{what} is seen")
        self.assertEqual(2, len(self.ids("passing")), what)

    def test_no_answer_that_is_none_of_a_consul_takes_anything_away(self):
        self.start_following()
        self.stays((500, "No cluster leader"))
        self.stays((403, "Permission denied"))
        self.stays((200, "<html>"))
        self.stays((200, "{}"))
        self.stays((200, "null"))
        self.stays((200, '[{"Node":{},"Service":{}}]'))
        self.stays((200, "[]"), {"X_Consul_KnownLeader": "false"})
        self.assertIn("no leader", self.status()["why_not"])
        self.consul.set([row("db-b", "critical")])
        self.eventually(lambda: self.ids() == [("db-1", "db-b")] and not self.ids("passing"), "an answer is taken again", timeout=30)

    def test_an_index_that_falls_begins_anew(self):
        self.start_following()
        self.consul.set([row("db-a")], index=3)
        self.eventually(lambda: self.ids() == [("db-1", "db-a")], "it is taken")
        self.consul.set([row("db-a"), row("db-c")], index=4)
        self.eventually(lambda: len(self.ids()) == 2, "and followed from there")

    def test_without_an_index_it_is_asked_once_a_second_and_no_more(self):
        self.start_following()
        self.consul.set([row("db-a")], index=0)
        self.eventually(lambda: self.ids() == [("db-1", "db-a")], "it is taken")
        before = len(self.consul.asked)
        time.sleep(2.5)
        self.assertLess(len(self.consul.asked) - before, 12)

    def test_a_rule_that_refuses_one_names_it_and_takes_the_others(self):
        bad = row("db-x")
        bad["Service"]["Weights"] = {"Passing": 70000, "Warning": 1}
        self.start_following()
        self.consul.set([row("db-a"), bad])
        self.eventually(lambda: self.status()["left_out"], "the status names it")
        self.assertIn("db-x of node db-1", self.status()["left_out"][0])
        self.eventually(lambda: self.ids() == [("db-1", "db-a")], "the other is followed")
        proxy = row("db-proxy")
        proxy["Service"]["Kind"] = "connect-proxy"
        self.consul.set([row("db-a"), proxy])
        self.eventually(lambda: "service mesh" in "".join(self.status()["left_out"]), "so is a proxy")

    def test_the_token_of_the_file_is_shown_there_and_nowhere_else(self):
        token = self.directory / "token"
        token.write_text("a-secret-of-consul\n")
        rollcalld = self.start_following(f'follow_token_file = "{token}"\n')
        self.assertEqual({"a-secret-of-consul"}, self.consul.tokens)
        self.assertNotIn("a-secret-of-consul", rollcalld.log())


class FollowOverTlsTest(FollowCase):
    def setUp(self):
        self.certificate = certificates.make(self.directory)
        self.consul = ByHand(self.certificate)
        self.addCleanup(self.consul.close)
        self.consul.set([row("db-a")])
        self.token = self.directory / "token"
        self.token.write_text("a-secret-of-consul\n")

    def start_following(self, trusted):
        """`trusted`: the file of the authorities that this host trusts."""
        return self.follow(self.consul.server.server_address[1], f'follow_token_file = "{self.token}"\n', "https",
                           wrapper=["env", f"SSL_CERT_FILE={trusted}"])

    def test_a_consul_with_a_trusted_certificate_is_followed_and_shown_the_token(self):
        self.start_following(self.certificate[0])
        self.eventually(lambda: self.ids("passing") == [("db-1", "db-a")], "the instance is taken over")
        self.consul.set([row("db-a"), row("db-b")])
        self.eventually(lambda: len(self.ids("passing")) == 2, "changes are followed")
        self.assertEqual({"a-secret-of-consul"}, self.consul.tokens)

    def test_one_with_another_certificate_is_not_asked_anything(self):
        self.start_following(certificates.make(self.directory, "other")[0])
        self.eventually(lambda: "certificate is not trusted here" in self.status()["why_not"], "the status says why")
        self.assertEqual((set(), [], []), (self.consul.tokens, self.consul.asked, self.ids()))
