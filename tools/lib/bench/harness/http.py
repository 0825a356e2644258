"""HTTP: requests as a program of ours sends them, and http-load, which is the program."""

import json
import subprocess

from bench.harness import cpu, load
from bench.harness.roll import PORT

HOST = b"127.0.0.1:8500"
TTL = "24h"  # of instances that shall outlive the measurement


def request(method, target, body=None):
    """The octets of one; `body`: JSON, as an object."""
    text = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    fields = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(text) if text else b""
    return b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s" % (method.encode(), target.encode(), HOST, fields, text)


def registration(service, id, literal):
    return request("POST", "/v1/heartbeat", {"service": service, "id": id, "address": literal, "port": PORT, "ttl": TTL})


def heartbeat(service, id):
    """One without a body."""
    return request("POST", f"/v1/services/{service}/instances/{id}/heartbeat")


def write(path, requests):
    """A file for http-load. Returns its path."""
    with open(path, "wb") as out:
        for one in requests:
            out.write(b"%d\n%s" % (len(one), one))
    return path


def send(run, server, requests, *arguments, expect, everywhere=False):
    """What http-load found: {"answers", "rate", "p50_us", "p99_us", "cpu_us", …}; every answer must have the status `expect`,
    or one of them.
    `everywhere`: the load may run on all cores, as the server does."""
    pids = [word for pid in cpu.family(server.pid) for word in ("--pid", pid)]
    command = [run.program("http-load"), "--port", server.http_port, "--requests", requests, *pids, *arguments]
    command = [str(word) for word in command] if everywhere else run.on_load_core(command)
    done = subprocess.run(command, capture_output=True, text=True, timeout=load.RUN_WITHIN)
    assert done.returncode == 0, f"http-load: {done.stderr.strip()}"
    found = json.loads(done.stdout)
    wanted = {str(status) for status in (expect if isinstance(expect, tuple) else (expect,))}
    assert found["answers"] and set(found["statuses"]) <= wanted, f"{server.name} answered {found['statuses']}, not {' or '.join(sorted(wanted))}"
    return found
