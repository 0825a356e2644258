"""Servers that are measured: each a process on the servers' core, with free ports and a directory that goes away with the run."""

import contextlib
import http.client
import json
import re
import signal

from bench.harness import cpu
from tests.support.processes import Process, find_program, wait_until

READY_WITHIN = 120
STOP_WITHIN = 60


class Missing(Exception):
    """A program that is not installed."""


def program(name):
    """Its path, or Missing."""
    path = find_program(name)
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


class Server:
    """A running server. `ports`: {"dns": 5300}, as `server.dns_port`, `server.http_port`."""

    def __init__(self, name, command, directory, ports, core=None):
        self.name = name
        self.directory = directory
        self.dns_port = ports.get("dns")
        self.http_port = ports.get("http")
        place = cpu.pinned(cpu.cores()[0] if core is None else core)
        self.process = Process(name, [*place, *command], directory, cwd=directory)

    @property
    def pid(self):
        return self.process.pid

    def wait_until(self, condition, what):
        def check():
            if not self.process.is_running():
                raise AssertionError(f"{self.name} has ended:\n{self.process.stderr()[-2000:]}")
            return condition()
        return wait_until(check, READY_WITHIN, f"{self.name}: {what}", every=0.01)

    def stop(self):
        if not self.process.is_running():
            return
        try:
            self.process.stop(STOP_WITHIN)
        except Exception:
            self.process.kill()
            raise

    def kill(self):
        self.process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Rollcalld(Server):
    """rollcalld with arguments of its own, and `settings`, the text of its TOML file. Database: directory/rollcall.db, so that
    another one started in the same directory goes on where this one has stopped."""

    def __init__(self, path, directory, arguments=(), settings="", core=None, name="rollcalld", wait=True):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "rollcall.toml").write_text(settings)
        for old in directory.glob(f"{name}.std*"):
            old.unlink()
        command = [path, "--config", directory / "rollcall.toml", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0",
                   "--db", directory / "rollcall.db", *([] if "--log-level" in arguments else ["--log-level", "warn"]),
                   *arguments]
        super().__init__(name, command, directory, {}, core)
        if wait:
            self.find_ports()

    def find_ports(self):
        """Returns when the ready lines are there."""
        self.dns_port, self.http_port = self.wait_until(self._ready_lines, "the ready lines")

    def _ready_lines(self):
        text = self.process.stdout()
        http_port, dns_port = re.search(r"http://[0-9.]+:(\d+)/", text), re.search(r"\bdig\b.*-p ?(\d+)", text)
        return http_port and dns_port and (int(dns_port[1]), int(http_port[1]))

    def call(self, method, path, body=None):
        """(status, body as text)"""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)) as connection:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metrics(self):
        """{name with labels: value}"""
        return {name: float(value) for name, value in
                re.findall(r"^(rollcall_\S+) (\S+)\s*$", self.call("GET", "/metrics")[1], re.M)}

    def status(self):
        return json.loads(self.call("GET", "/v1/status")[1])

    def reload(self):
        self.process.signal(signal.SIGHUP)
