"""rollcalld under test: a real process with its own directory, database and free ports.

The binary is $ROLLCALLD, else build/release/bin/rollcalld. The first start picks free ports (port 0) and reads them from
the ready lines; every later start of the same Server uses the same ports and the same database.
"""

import os
import pathlib
import re
import signal
import time
import unittest

from tests.support.api import Api
from tests.support.dnsclient import Dns
from tests.support.processes import REPOSITORY, Process, run, wait_until

BINARY = pathlib.Path(os.environ.get("ROLLCALLD") or REPOSITORY / "build/release/bin/rollcalld").absolute()
LOG_LINE = re.compile(r"^(\d{4}-\d\d-\d\dT\S+ |\{\"time\")")
HTTP_IN_READY_LINES = re.compile(r"http://(\[[0-9a-f:]+\]|[0-9.]+):(\d+)/")
DNS_IN_READY_LINES = re.compile(r"\bdig\b.*@([0-9a-f.:]+)\b.*-p ?(\d+)|\bdig\b.*-p ?(\d+).*@([0-9a-f.:]+)")
READY_WITHIN = 20

# A zone with names of its own beside the services; the tests of the DNS tools ask for them.
ZONE = """\
$ORIGIN svc.internal.
$TTL 60
@        1 IN SOA ns hostmaster 1 10 5 3600 1
@          IN NS  ns
ns         IN A   127.0.0.1
fixed      IN A   203.0.113.7
fixed      IN AAAA 2001:db8::7
fixed      IN TXT "a static record"
alias      IN CNAME fixed
*.wild     IN A   203.0.113.8
deep.empty IN A   203.0.113.9
"""
# Settings of a zone that may be transferred from here, signed or not.
TRANSFERRED_ZONE = """\
[[key]]
name = "transfer"
secret = "cm9sbGNhbGwgdGVzdCBrZXkgb2YgMzIgb2N0ZXRzLi4="
[[zone]]
name = "svc.internal"
file = "{zone}"
transfer_to = ["127.0.0.0/8"]
"""


def need_binary():
    if not BINARY.exists():
        raise unittest.SkipTest(f"{BINARY} has not been built")


def log_free_lines(stderr):
    """What a person reads on stderr besides the log."""
    return [line for line in stderr.splitlines() if line.strip() and not LOG_LINE.match(line)]


def run_to_end(arguments, directory, timeout=20):
    """rollcalld that is expected to stop by itself: a start-up error, --check, --help."""
    need_binary()
    return run([BINARY, *arguments], timeout=timeout, cwd=directory)


class Server:
    """`arguments` follow the harness's own on the command line. `wrapper`: words in front of it, e.g. unshare. `binary`:
    another build of the server."""

    def __init__(self, directory, arguments=(), wrapper=(), listen="127.0.0.1", database=None, name="rollcalld",
                 binary=BINARY):
        need_binary()
        self.binary = binary
        self.directory = pathlib.Path(directory)
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.database = pathlib.Path(database or self.directory / "rollcall.db")
        self.name = name
        self.process = None
        self.address = listen
        self.dns_port = 0
        self.http_port = 0

    def command(self):
        host = f"[{self.address}]" if ":" in self.address else self.address
        return [*self.wrapper, self.binary, "--dns", f"{host}:{self.dns_port}", "--http", f"{host}:{self.http_port}",
                "--db", self.database, *self.arguments]

    def start(self):
        """Returns when /readyz says 200."""
        self.process = Process(self.name, self.command(), self.directory, cwd=self.directory)
        if self.dns_port == 0:
            self.dns_port, self.http_port = wait_until(self._find_ports, READY_WITHIN, "the ready lines")
        wait_until(self.is_ready, READY_WITHIN, "/readyz is 200", every=0.005)
        return self

    def is_ready(self):
        self._check_alive()
        try:
            api = self.api(timeout=5)
            try:
                return api.call("GET", "/readyz").status == 200
            finally:
                api.close()
        except OSError:
            return False

    def api(self, timeout=15):
        return Api(self.address, self.http_port, timeout)

    def dns(self, timeout=3):
        return Dns(self.address, self.dns_port, timeout)

    def stop(self):
        """SIGTERM; the exit code."""
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self):
        """On the same ports and the same database."""
        if self.process.is_running():
            assert self.stop() == 0, "exit code after SIGTERM"
        return self.start()

    def suspend(self, seconds):
        self.process.signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.signal(signal.SIGCONT)

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def log(self):
        return self.process.stderr()

    def _check_alive(self):
        if not self.process.is_running():
            raise AssertionError(f"rollcalld ended with {self.process.wait()}:\n{self.process.stderr()[-2000:]}")

    def _find_ports(self):
        self._check_alive()
        text = self.process.stdout() + self.process.stderr()
        http, dns = HTTP_IN_READY_LINES.search(text), DNS_IN_READY_LINES.search(text)
        return http and dns and (int(dns.group(2) or dns.group(3)), int(http.group(2)))
