"""What a program finds at the Consul door with a client of Consul, in whatever language: it registers two instances of a
service, beats, watches, locks. The programs in programs/consul_client* print these facts; here is what they must come to.

Also how the clients are fetched: once, by their own package managers, into build/interop. Where a registry does not answer, the
test is skipped and says so.
"""

import json
import os
import shutil
import unittest

from tests.interop.languages import BUILD_TIMEOUT, CACHE, PROGRAMS
from tests.support.case import Case
from tests.support.processes import environment, need_program, run

FETCH_TIMEOUT = 240
FACTS = {
    "leader": True,
    "registered": [True, True],
    "shown": ["web", "127.0.0.1", 8081, ["blue", "v1"]],
    "status before a beat": "critical",
    "passing before a beat": [],
    "beat": True,
    "its output": "all well",
    "passing after it": ["web-1"],
    "woken by another": [True, ["web-1", "web-2"]],
    "a wait that ends has the same": [True, True],
    "passing when warned": ["web-2"],
    "passing when failed": ["web-2"],
    "listed when failed": ["web-1", "web-2"],
    "passing in maintenance": [],
    "passing after it ends": ["web-2"],
    "services": {"web": ["blue", "v1", "v2"]},
    "addresses": [["127.0.0.1", 8081]],
    "an unknown service": [],
    "a beat for nobody": 404,
    "end of nobody": 404,
    "a missing key": [True, None],
    "put": [True, True],
    "get": ["app/a", "v", 0],
    "put with an old index": False,
    "put if absent": False,
    "put with its index": True,
    "values below": [["app/a", "w"], ["app/b", "é"]],
    "keys below": ["app/a", "app/b"],
    "lock": True,
    "lock of another": False,
    "holder": True,
    "release": True,
    "lock after it": True,
    "renewed": True,
    "destroyed": True,
    "holder after that": None,
    "delete": [True, True],
    "after delete": None,
    "end": True,
    "listed at the end": ["web-2"],
}


def fetched(name, command, **options):
    """The directory build/interop/NAME, filled by `command` (a function of the directory) unless it is there."""
    final, fresh = CACHE / name, CACHE / f"{name}-{os.getpid()}"
    if not final.exists():
        fresh.mkdir(parents=True)
        result = run(command(fresh), timeout=FETCH_TIMEOUT, cwd=fresh, **options)
        if result.returncode != 0:
            shutil.rmtree(fresh)
            raise unittest.SkipTest(f"{name} could not be fetched: {last_line(result.stderr)}")
        os.replace(fresh, final)
    return final


def build_go_program(name, source, *options):
    """The binary of a module in `source`; its dependencies come from the module proxy, and stay in build/interop."""
    go = need_program("go")
    copy = CACHE / f"{name}.source"  # where the checksums of what is fetched stay, too
    shutil.copytree(source, copy, dirs_exist_ok=True)
    env = go_environment(GOFLAGS="-mod=mod -modcacherw -buildvcs=false")
    result = run([go, "list", "-deps", *options, "."], timeout=FETCH_TIMEOUT, cwd=copy, env=env)
    if result.returncode != 0:
        raise unittest.SkipTest(f"{name} could not be fetched: {last_line(result.stderr)}")
    binary = CACHE / name
    result = run([go, "build", *options, "-o", binary, "."], timeout=BUILD_TIMEOUT, cwd=copy, env=env)
    assert result.returncode == 0, result.stderr
    return binary


def go_environment(**changes):
    return environment(GOCACHE=str(CACHE / "go"), GOPATH=str(CACHE / "gopath"), GOTOOLCHAIN="local", CGO_ENABLED="0",
                       **changes, **proxies())


def proxies():
    """What children of a test usually do not get; package managers may need it."""
    return {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}


def last_line(text):
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


class ConsulClientCase(Case):
    """A server at whose Consul door a client's program is run."""
    maxDiff = None

    def serve(self):
        self.rollcalld = self.server_with_zone()
        return [self.rollcalld.address, str(self.rollcalld.http_port)]

    def check_facts(self, command, env, expected):
        """Runs the program, and looks at what it leaves behind with other eyes."""
        result = run([*command, *self.serve()], timeout=120, env=env)
        found = dict(json.loads(line) for line in result.stdout.splitlines())
        self.assertEqual(0, result.returncode, f"after {found}:\n{result.stderr}")
        self.assertEqual(expected, found)
        for name in ("web.svc.internal", "web.service.consul", "_web._tcp.service.consul"):
            kind = "SRV" if name.startswith("_") else "A"
            self.assertEqual(1, len(self.rollcalld.dns().records(name, kind)), name)
        self.assertEqual({"127.0.0.2"}, self.rollcalld.dns().addresses("web.service.consul"))
        self.assertEqual({"web-2"}, self.api_of(self.rollcalld).ids("web"))


def program(name):
    return PROGRAMS / name
