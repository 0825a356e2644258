"""rollcalld as a node of a cluster: a support.rollcall.Server with settings, an address of its own, and its machine."""

import os
import signal
import unittest

from tests.support.processes import Process, environment, run, wait_until
from tests.support.rollcall import BINARY, Server, need_binary

DNS_PORT, HTTP_PORT, PEERS_PORT = 8600, 8500, 8601
NAME = "test"
READY_WITHIN = 90
KEY = "5f0b1d9cf3f5b3e6a9b2747f0e4fd2b3a1c8d7e6f5041322b3c4d5e6f7081929"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SETTINGS = """\
[dns]
workers = 1
ttl = "{dns_ttl}"
[dns.rrl]
rate = 0
[http]
open = true
max_connections_per_client = 0
{more}
[[zone]]
name = "svc.internal"
file = "{zone}"
[cluster]
name = "{cluster}"
node = "{node}"
etcd = [{etcd}]
peers = "{address}:{peers}"
advertise = "{address}:{peers}"
{of_cluster}
"""
ZONE = """\
$ORIGIN svc.internal.
$TTL 60
@     1 IN SOA n1 hostmaster 1 10 5 3600 1
@       IN NS  n1
@       IN NS  n2
@       IN NS  n3
n1      IN A   10.77.0.5
n2      IN A   10.77.0.6
n3      IN A   10.77.0.7
"""


def need_cluster():
    """Skips where rollcalld knows no cluster."""
    need_binary()
    if "--promote" not in run([BINARY, "--help"]).stdout:
        raise unittest.SkipTest(f"{BINARY} knows no cluster")
    if not BINARY.with_name("librollcall_etcd.so").exists():
        raise unittest.SkipTest("librollcall_etcd.so has not been built: tools/install etcd, then tools/build")


class Node(Server):
    """`etcd`: client URLs. `more`: settings in front of [cluster]; `of_cluster`: of it, with `secret` in front of them, which is a
    key file unless it is given. `clock_offset`: seconds by which its boot clock differs from ours, where the kernel allows."""

    def __init__(self, directory, name, address, etcd, wrapper=(), disk=None, cluster=NAME, zone=ZONE, more="",
                 of_cluster="", secret=None, dns_ttl="1s", clock_offset=0, ports=(DNS_PORT, HTTP_PORT, PEERS_PORT)):
        self.settings = directory / f"{name}.toml"
        self.key = directory / "cluster.key"
        self.zone = directory / f"{name}.zone"
        self.wall_clock = directory / f"{name}.clock"
        clock = ["unshare", "--time", f"--boottime={clock_offset}", f"--monotonic={clock_offset}", "--"]
        super().__init__(directory, ["--config", self.settings], [*wrapper, *(clock if clock_offset else [])], address,
                         (disk or directory) / f"{name}.db", name)
        self.dns_port, self.http_port, peers = ports
        self.key.write_text(KEY + "\n")
        self.key.chmod(0o600)
        self.zone.write_text(zone)
        self.settings.write_text(SETTINGS.format(
            cluster=cluster, node=name, etcd=", ".join(f'"{url}"' for url in etcd), address=address, peers=peers,
            zone=self.zone, more=more, dns_ttl=dns_ttl,
            of_cluster=(f'key_file = "{self.key}"\n' if secret is None else secret) + of_cluster))
        self.preload = {}
        self.is_meant_to_be_down = False

    def launch(self, *flags):
        """Started, not waited for."""
        self.process = Process(self.name, [*self.command(), *flags], self.directory, cwd=self.directory,
                               env=environment(**self.preload))
        return self

    def start(self, *flags, timeout=READY_WITHIN):
        """Returns when /readyz says 200."""
        self.launch(*flags)
        wait_until_ready(self, timeout)
        return self

    def run_to_end(self, *flags, timeout=20):
        """A start that is expected to fail."""
        return run([*self.command(), *flags], timeout=timeout, cwd=self.directory)

    def is_running(self):
        return self.process is not None and self.process.is_running()

    def pause(self):
        self.process.signal(signal.SIGSTOP)

    def go_on(self):
        self.process.signal(signal.SIGCONT)

    def status(self, path="/v1/status"):
        api = self.api(timeout=3)
        try:
            return api.call("GET", path).json
        finally:
            api.close()

    # --- a wall clock of its own ---

    def fake_wall_clock(self):
        """From the next start on `step_wall_clock` moves its wall clock, and no other clock of anybody."""
        if not os.path.exists(FAKETIME):
            raise unittest.SkipTest("libfaketime is not installed: the wall clock of one process cannot be moved")
        self.step_wall_clock(0)
        self.preload = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.wall_clock),
                        "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}

    def step_wall_clock(self, seconds):
        self.wall_clock.write_text(f"{seconds:+d}\n")


def wait_until_ready(node, timeout=READY_WITHIN):
    wait_until(node.is_ready, timeout, f"/readyz of {node.name} is 200", every=0.05)
