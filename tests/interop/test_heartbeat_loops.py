"""The programs in docs/heartbeats.md, as they stand there: each is on the roll, comes back when the server has forgotten it,
outlives a restart of the server, and on SIGTERM is drained and deregistered."""

import re
import sys
import time

from tests.interop.languages import CACHE
from tests.support.case import Case
from tests.support.processes import REPOSITORY, environment, find_program, run

PROGRAM = re.compile(r"^<!-- program: (\w+) -->\n```\w+\n(.*?)^```$", re.M | re.S)
PROGRAMS = dict(PROGRAM.findall((REPOSITORY / "docs/heartbeats.md").read_text()))
FILES = {"shell": "beat.sh", "python": "beat.py", "node": "beat.js", "go": "beat.go", "java": "Heartbeat.java"}
NEEDED = {"shell": ["sh", "curl"], "python": [sys.executable], "node": ["node"], "go": ["go"], "java": ["java", "javac"]}
STATUS_OF_JAVA_AFTER_SIGTERM = 143
WITHIN_S = 12  # two heartbeats of a program that has been told nothing yet


class HeartbeatLoopsTest(Case):
    def test_every_program_stays_on_the_roll_and_leaves_it(self):
        self.assertEqual(set(FILES), set(PROGRAMS))
        self.rollcalld = self.server()
        # Those whose language is not installed cannot be tried; the shell and Python always are.
        self.languages = [name for name, programs in NEEDED.items() if all(map(find_program, programs))]
        commands = {name: self.made(name) for name in self.languages}
        self.processes = {name: self.start(name, command) for name, command in commands.items()}
        self.expect_on_the_roll("they register")

        api = self.api_of(self.rollcalld)
        for name in self.languages:
            api.expect_deregistered("web", f"web-{name}")
        self.expect_on_the_roll("they come back when the server has forgotten them")

        self.rollcalld.stop()
        time.sleep(1.5)
        self.rollcalld.start()
        api = self.api_of(self.rollcalld)
        for name in self.languages:
            api.expect_deregistered("web", f"web-{name}")
        self.expect_on_the_roll("they go on when the server was away")
        for name, process in self.processes.items():
            with self.subTest(program=name):
                wanted = STATUS_OF_JAVA_AFTER_SIGTERM if name == "java" else 0
                self.assertEqual(wanted, process.stop(timeout=20), process.stderr())
                self.assertEqual(404, api.call("GET", f"/v1/services/web/instances/web-{name}").status)
                told = [event["event"] for event in api.call("GET", f"/v1/events?service=web&id=web-{name}&limit=2").json["events"]]
                self.assertEqual(["deregistered", "draining"], told)

    def expect_on_the_roll(self, what):
        wanted = {f"web-{name}" for name in self.languages}
        api = self.api_of(self.rollcalld)
        self.eventually(lambda: self.ids(api) == wanted, what, timeout=WITHIN_S)

    def ids(self, api):
        answer = api.call("GET", "/v1/services/web")
        return {instance["id"] for instance in answer.json["instances"]} if answer.status == 200 else set()

    def made(self, name):
        """The program of the document under an id of its own, asking the server under test; the command that runs it."""
        directory = self.directory / name
        directory.mkdir()
        file = directory / FILES[name]
        text = PROGRAMS[name].replace("8500", str(self.rollcalld.http_port))
        file.write_text(text.replace("web-1", f"web-{name}").replace('"192.0.2.10"', f'"192.0.2.{10 + len(name)}"'))
        if name == "shell":
            return ["sh", file]
        if name == "python":
            return [sys.executable, "-B", file]
        if name == "node":
            return [find_program("node"), file]
        if name == "go":
            CACHE.mkdir(parents=True, exist_ok=True)
            offline = environment(GOCACHE=str(CACHE / "go"), GOPATH=str(CACHE / "gopath"), GO111MODULE="off", GOPROXY="off",
                                  GOTOOLCHAIN="local", GOFLAGS="", CGO_ENABLED="0")
            self.build([find_program("go"), "build", "-o", directory / "beat", file], env=offline)
            return [directory / "beat"]
        self.build([find_program("javac"), "-d", directory, file])
        return [find_program("java"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", directory, "Heartbeat"]

    def build(self, command, **options):
        done = run(command, timeout=240, **options)
        self.assertEqual(0, done.returncode, done.stderr)
