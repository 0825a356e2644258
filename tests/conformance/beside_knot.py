#!/usr/bin/python3
"""Asks Knot the conformance tests' questions over the same zone file, and lists where it answers otherwise.

    tests/conformance/beside_knot.py [PATH OF test_conformance]

Every test that Knot does not pass must stand in knot_differences.md, with the reason, and the other way round. Status 0:
they agree; 1: they do not; 0 with "skipped" where knotd is not installed.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
READY_WITHIN = 30
STARTS_MAX = 5
PATIENCE_MS = 500  # where Knot says nothing each test waits so long
SECOND_PATIENCE_MS = 5000

CONFIG = """\
server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
    identity: knot
    version: knot
    nsid: knot
database:
    storage: "{directory}"
log:
  - target: stderr
    any: error
mod-cookies:
  - id: default
    secret-lifetime: 26h
template:
  - id: default
    global-module: mod-cookies/default
zone:
  - domain: c.test
    file: "{zone}"
    zonefile-sync: -1
    journal-content: none
"""


def free_port():
    """One that is free for UDP and TCP alike, a moment ago."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


def is_answering(port):
    """The SOA of c.test, with RCODE 0."""
    query = bytes.fromhex("5243 0000 0001 0000 0000 0000 01 63 04 74657374 00 0006 0001")
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        client.connect(("127.0.0.1", port))
        try:
            client.send(query)
            return client.recv(512)[3] & 0xF == 0
        except OSError:
            return False


def start_knot(knotd, directory):
    """The server, answering, and its port. Knot ends when somebody has taken the port meanwhile; then another is tried."""
    config = Path(directory) / "knot.conf"
    for _ in range(STARTS_MAX):
        port = free_port()
        config.write_text(CONFIG.format(directory=directory, port=port, zone=HERE / "c.test.zone"))
        server = subprocess.Popen([knotd, "-c", config])
        deadline = time.monotonic() + READY_WITHIN
        while server.poll() is None and time.monotonic() < deadline:
            if is_answering(port):
                return server, port
            time.sleep(0.05)
        server.terminate()
        server.wait()
    sys.exit("knotd does not answer")


def failing_tests(program, port, patience_ms, tests="~[roll]"):
    """The names of the tests that do not pass, an assertion each is enough; and how many there are."""
    done = subprocess.run([program, tests, "--reporter", "xml"], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "CONFORMANCE_ADDRESS": f"127.0.0.1:{port}",
                               "CONFORMANCE_PATIENCE_MS": str(patience_ms)})
    verdicts = {case.get("name"): case.find("OverallResult").get("success")
                for case in xml.fromstring(done.stdout).iter("TestCase")}
    return {name for name, success in verdicts.items() if success != "true"}, len(verdicts)


def still_failing(program, port, name):
    """Whether it fails with time enough too: a busy machine may keep an answer back for longer than PATIENCE_MS."""
    return bool(failing_tests(program, port, SECOND_PATIENCE_MS, f'"{name}"')[0])


def expected_differences():
    """The first column of the table: names of tests, one a row."""
    return set(re.findall(r"^\| (RFC .*?) \|", (HERE / "knot_differences.md").read_text(), re.M))


def main():
    program = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/bin/test_conformance").resolve()
    knotd = shutil.which("knotd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if knotd is None:
        print("skipped: knotd is not installed")
        return 0
    expected = expected_differences()
    with tempfile.TemporaryDirectory() as directory:
        server, port = start_knot(knotd, directory)
        try:
            failing, count = failing_tests(program, port, PATIENCE_MS)
            failing -= {name for name in failing - expected if not still_failing(program, port, name)}
        finally:
            server.terminate()
            server.wait()
    print(f"{count} tests; Knot answers otherwise in {len(failing)}")
    for name in sorted(failing - expected):
        print(f"  not in knot_differences.md: {name}")
    for name in sorted(expected - failing):
        print(f"  in knot_differences.md, but Knot agrees: {name}")
    return 0 if failing == expected else 1


if __name__ == "__main__":
    sys.exit(main())
