"""More of Consul's clients at our door: those that take minutes to fetch and build. They are run where ROLLCALL_SLOW_CLIENTS
is 1:

    ROLLCALL_SLOW_CLIENTS=1 tools/test interop/consul_clients_slow

fabio and registrator are on no package registry: what they send is replayed (test_consul_replay.py).
"""

import json
import os
import shutil
import unittest

from tests.interop.consul_facts import FACTS, ConsulClientCase, build_go_program, fetched, go_environment, program
from tests.interop.languages import BUILD_TIMEOUT, CACHE
from tests.support.api import Api
from tests.support.processes import environment, free_port, need_program, run

CONSUL_TEMPLATE = "github.com/hashicorp/consul-template@v0.41.1"
TEMPLATE = """\
{{ range service "web" }}{{ .ID }} {{ .Address }}:{{ .Port }}
{{ end }}{{ range service "web|any" }}any {{ .ID }}
{{ end }}{{ range services }}service {{ .Name }}
{{ end }}key {{ keyOrDefault "app/a" "none" }}
"""
FACTS_OF_RUST = {
    "passing after it": ["web-1"],
    "names": ["web"],
    "addresses": ["127.0.0.1:8081"],
    "woken by another": [True, ["web-1", "web-2"]],
    "passing when failed": ["web-2"],
    "listed when failed": ["web-1", "web-2"],
    "an unknown service": [],
    "put": True,
    "get": "v",
    "listed at the end": ["web-2"],
}


@unittest.skipUnless(os.environ.get("ROLLCALL_SLOW_CLIENTS") == "1", "ROLLCALL_SLOW_CLIENTS is not 1")
class SlowClientsTest(ConsulClientCase):
    def consul(self, method, path, body=None):
        answer = self.api.call(method, f"/v1/{path}", body)
        self.assertEqual(200, answer.status, answer)

    def register(self, number, **fields):
        self.consul("PUT", "agent/service/register", {
            "Name": "web", "ID": f"web-{number}", "Address": f"127.0.0.{number}", "Port": 8080 + number,
            "Check": {"TTL": "600s", "Status": "passing"}, **fields})

    def serve(self):
        where = super().serve()
        self.api = self.api_of(self.rollcalld)
        return where

    def test_consul_template(self):
        go = need_program("go")
        directory = fetched("consul-template", lambda into: ["sh", "-c", f"GOBIN={into} {go} install {CONSUL_TEMPLATE}"],
                            env=go_environment(GOFLAGS="-modcacherw"))
        where = ":".join(self.serve())
        source, target = self.directory / "web.ctmpl", self.directory / "web"
        source.write_text(TEMPLATE)
        self.register(1)
        self.start("consul-template", [directory / "consul-template", "-consul-addr", where, "-template", f"{source}:{target}"])
        first, second = "web-1 127.0.0.1:8081\n", "web-2 127.0.0.2:8082\n"
        text = lambda: target.read_text() if target.exists() else ""
        expect = lambda rendered: self.eventually_equal(rendered, text, timeout=60)
        expect(f"{first}any web-1\nservice web\nkey none\n")
        self.register(2)
        expect(f"{first}{second}any web-1\nany web-2\nservice web\nkey none\n")
        self.consul("PUT", "agent/check/fail/service:web-1")
        expect(f"{second}any web-1\nany web-2\nservice web\nkey none\n")
        self.consul("PUT", "kv/app/a", b"value")
        expect(f"{second}any web-1\nany web-2\nservice web\nkey value\n")
        self.consul("PUT", "agent/service/deregister/web-1")
        expect(f"{second}any web-2\nservice web\nkey value\n")
        self.consul("DELETE", "kv/app/a")
        expect(f"{second}any web-2\nservice web\nkey none\n")

    def follows(self, command, seen):
        """Runs a program that prints a list whenever it changes; `seen(expected)` of its last line."""
        process = self.start("follower", command)
        last = lambda: (process.stdout().splitlines() or ["null"])[-1]
        return lambda expected: self.eventually_equal(expected, lambda: seen(json.loads(last())), timeout=60)

    def check_prometheus(self, *services):
        binary = build_go_program("consul-sd", program("consul_sd_go"), "-tags", "remove_all_sd,enable_consul_sd")
        where = ":".join(self.serve())
        target = lambda number, health: [f"127.0.0.{number}:808{number}", f"web-{number}", health, ",blue,", "dc1"]
        self.register(1, Tags=["blue"])
        expect = self.follows([binary, where, *services], lambda targets: targets)
        expect([target(1, "passing")])
        self.register(2, Tags=["blue"])
        expect([target(1, "passing"), target(2, "passing")])
        self.consul("PUT", "agent/check/fail/service:web-1")
        expect([target(1, "critical"), target(2, "passing")])
        self.consul("PUT", "agent/service/deregister/web-1")
        expect([target(2, "passing")])

    def test_prometheus_follows_all_services(self):
        self.check_prometheus()

    def test_prometheus_follows_one_service(self):
        self.check_prometheus("web")

    def test_traefik(self):
        binary = build_go_program("consul-traefik", program("consul_traefik_go"))
        where = ":".join(self.serve())
        tags = ["traefik.enable=true", "traefik.http.routers.web.rule=Host(`web.example`)"]
        self.register(1, Tags=tags)
        self.consul("PUT", "agent/service/register", {"Name": "plain", "Port": 80})
        expect = self.follows([binary, where], lambda servers: servers)
        first, second = "http://127.0.0.1:8081", "http://127.0.0.2:8082"
        expect([first])
        self.register(2, Tags=tags)
        expect([first, second])
        self.consul("PUT", "agent/check/fail/service:web-1")
        expect([second])
        self.consul("PUT", "agent/check/warn/service:web-1")
        expect([first, second])
        self.consul("PUT", "agent/service/maintenance/web-2?enable=true")
        expect([first])

    def libraries(self, name, source, *properties):
        """What Maven finds for the pom.xml there, in one directory."""
        return fetched(f"java/{name}", lambda into: [
            need_program("mvn"), "-q", "-B", "-f", source / "pom.xml", f"-Dmaven.repo.local={CACHE / 'm2'}", *properties,
            "dependency:copy-dependencies", f"-DoutputDirectory={into}"], env=dict(os.environ))

    def compile_java(self, libraries, source):
        """The words that run it, but for the class."""
        java, javac = need_program("java"), need_program("javac")
        done = run([javac, "-parameters", "-cp", f"{libraries}/*", "-d", self.directory, source], timeout=BUILD_TIMEOUT)
        self.assertEqual(0, done.returncode, done.stderr)
        return [java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{libraries}/*:{self.directory}"]

    def test_java(self):
        source = program("consul_client_java")
        java = self.compile_java(self.libraries("consul-client", source), source / "ConsulClient.java")
        own = {"own name": True, "nodes": 1}
        left_out = {"beat", "a wait that ends has the same", "addresses", "put if absent", "destroyed", "delete", "end"}
        expected = {**own, **{fact: value for fact, value in FACTS.items() if fact not in left_out}}
        self.check_facts([*java, "ConsulClient"], environment(), expected)

    def check_spring(self, name, boot, cloud):
        source = program("consul_spring")
        java = self.compile_java(self.libraries(name, source, f"-Dboot={boot}", f"-Dcloud={cloud}"), source / "App.java")
        host, consul_port = self.serve()
        port = free_port()
        app = self.start(name, [
            *java, "app.App", f"--server.port={port}", "--spring.application.name=web", f"--spring.cloud.consul.host={host}",
            f"--spring.cloud.consul.port={consul_port}", "--spring.cloud.consul.discovery.heartbeat.enabled=true",
            "--spring.cloud.consul.discovery.heartbeat.ttl=20s", "--spring.cloud.consul.discovery.prefer-ip-address=true",
            "--spring.cloud.consul.discovery.ip-address=127.0.0.1", "--spring.cloud.consul.discovery.tags=blue,v1"])
        self.eventually_equal({port}, lambda: self.rollcalld.dns().ports("web.service.consul"), timeout=180)
        own = Api("127.0.0.1", port)
        self.addCleanup(own.close)
        self.eventually_equal([f"127.0.0.1:{port}"], lambda: own.call("GET", "/found").json)
        self.register(2)
        self.eventually_equal([f"127.0.0.1:{port}", "127.0.0.2:8082"], lambda: own.call("GET", "/found").json)
        self.assertIn("web", own.call("GET", "/services").json)
        self.assertEqual({"web-2", f"web-{port}"}, self.api.ids("web"))
        app.stop(60)
        self.assertEqual({"web-2"}, self.api.ids("web"))

    def test_spring_cloud_consul_4(self):
        self.check_spring("spring-4.3", "3.5.7", "2025.0.0")

    def test_spring_cloud_consul_5(self):
        self.check_spring("spring-5.0", "4.0.7", "2025.1.4")

    def test_rust(self):
        cargo = need_program("cargo")
        directory = CACHE / "rust/consul-client"
        shutil.copytree(program("consul_client_rust"), directory, dirs_exist_ok=True)
        env = {**os.environ, "CARGO_TARGET_DIR": str(CACHE / "rust/target")}
        fetch = run([cargo, "fetch", "--quiet"], timeout=BUILD_TIMEOUT, cwd=directory, env=env)
        if fetch.returncode != 0:
            self.skipTest(f"rs-consul could not be fetched: {fetch.stderr[-200:]}")
        built = run([cargo, "build", "--quiet"], timeout=2 * BUILD_TIMEOUT, cwd=directory, env=env)
        self.assertEqual(0, built.returncode, built.stderr)
        binary = CACHE / "rust/target/debug/consul-client"
        address = f"http://{':'.join(self.serve())}"
        done = run([binary, address], timeout=120)
        found = dict(json.loads(line) for line in done.stdout.splitlines())
        self.assertEqual(0, done.returncode, f"after {found}:\n{done.stderr}")
        self.assertEqual(FACTS_OF_RUST, found)
        self.assertEqual({"127.0.0.2"}, self.rollcalld.dns().addresses("web.service.consul"))
