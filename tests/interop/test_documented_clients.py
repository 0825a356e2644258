"""The programs in docs/clients.md, run as they stand there: the instance with the best priority refuses connections, and
each must reach the other."""

import os
import re
import socket
import sys

from tests.interop.languages import CACHE
from tests.support.case import Case
from tests.support.namespace import free_address_for_port_53, resolving_through
from tests.support.processes import REPOSITORY, environment, free_port, need_program, run

PROGRAM = re.compile(r"^<!-- program: (\w+) -->\n```\w+\n(.*?)^```$", re.M | re.S)
PROGRAMS = dict(PROGRAM.findall((REPOSITORY / "docs/clients.md").read_text()))
BUILD_TIMEOUT = 240


class DocumentedClientsTest(Case):
    def setUp(self):
        self.front = []

    def serve(self, *arguments):
        self.rollcalld = self.server(*arguments)
        api = self.api_of(self.rollcalld)
        listener = socket.create_server(("127.0.77.2", 0))
        self.addCleanup(listener.close)
        self.port = listener.getsockname()[1]
        api.expect_registered("web", "first", "127.0.77.1", free_port("127.0.77.1"))
        api.expect_registered("web", "second", "127.0.77.2", self.port, priority=2)
        return api

    def source(self, language, name):
        path = self.directory / name
        path.write_text(PROGRAMS[language].replace("8600", str(self.rollcalld.dns_port)))
        return path

    def expect_connected(self, *command, **options):
        done = run([*self.front, *command], timeout=60, **options)
        self.assertEqual((0, f"connected to 127.0.77.2:{self.port}\n"), (done.returncode, done.stdout), done.stderr)

    def build(self, *command, **options):
        done = run(command, timeout=BUILD_TIMEOUT, **options)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_python(self):
        self.serve()
        self.expect_connected(sys.executable, "-B", self.source("python", "client.py"))

    def test_node(self):
        node = need_program("node")
        self.serve()
        self.expect_connected(node, self.source("node", "client.js"))

    def test_go(self):
        go = need_program("go")
        self.serve()
        CACHE.mkdir(parents=True, exist_ok=True)
        offline = environment(GOCACHE=str(CACHE / "go"), GOPATH=str(CACHE / "gopath"), GO111MODULE="off", GOPROXY="off",
                              GOTOOLCHAIN="local", GOFLAGS="", CGO_ENABLED="0")
        self.build(go, "build", "-o", self.directory / "client", self.source("go", "client.go"), env=offline)
        self.expect_connected(self.directory / "client")

    def test_java(self):
        java, javac = need_program("java"), need_program("javac")
        self.serve()
        self.build(javac, "-d", self.directory, self.source("java", "Client.java"))
        self.expect_connected(java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", self.directory, "Client")

    def test_rust(self):
        rustc = need_program("rustc")
        address = free_address_for_port_53()
        self.front = resolving_through(address, self.directory)
        api = self.serve("--dns", f"{address}:53")
        # Addresses have no priority: of two that are ready both are tried.
        api.expect_registered("web", "first", "127.0.77.1", self.port)
        api.expect_registered("web", "second", "127.0.77.2", self.port)
        path = self.directory / "client.rs"
        path.write_text(PROGRAMS["rust"].replace("8080", str(self.port)))
        self.build(rustc, "-O", "-o", self.directory / "client", path,
                   env=environment(HOME=os.path.expanduser("~")))
        self.expect_connected(self.directory / "client")

    def test_every_program_of_the_document_is_run_here(self):
        self.assertEqual({"python", "node", "go", "java", "rust"}, set(PROGRAMS))
