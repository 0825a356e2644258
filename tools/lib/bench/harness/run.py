"""One run of one part: its arguments, programs, directory and report, and the servers it has started."""

import contextlib
import os
import pathlib
import tempfile

from bench.harness import cpu, servers
from bench.harness.report import Report

ROOT = pathlib.Path(__file__).resolve().parents[4]
DEFAULT_ROUNDS = 5


class Run:
    """`arguments`: the part's own (argparse), with `rounds` and `seconds` of every part. Use it with `with`: whatever has
    been started through it is stopped at the end, and its directory goes away."""

    def __init__(self, part, summary, arguments, machine=None):
        self.arguments = arguments
        self.rounds = arguments.rounds
        self.report = Report(part, summary, machine, {name: value for name, value in vars(arguments).items()})
        self._cleanup = contextlib.ExitStack()
        self._directories = 0

    def __enter__(self):
        self.directory = pathlib.Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="rollcall-bench-")))
        return self

    def __exit__(self, *failure):
        return self._cleanup.__exit__(*failure)

    def program(self, name):
        """A program of ours, built; $ROLLCALLD stands in for rollcalld."""
        own = os.environ.get("ROLLCALLD") if name == "rollcalld" else None
        return pathlib.Path(own or ROOT / "build/release/bin" / name).absolute()

    def new_directory(self, name):
        """A path that nothing is at yet."""
        self._directories += 1
        return self.directory / f"{name}-{self._directories}"

    def rollcalld(self, *arguments, settings="", core=None, directory=None, wait=True, program=None):
        """A running rollcalld, with 1 DNS worker on the servers' core unless told otherwise. `program`: another build of it."""
        if "--dns-workers" not in arguments:
            arguments = ("--dns-workers", "1", *arguments)
        return self._cleanup.enter_context(servers.Rollcalld(
            program or self.program("rollcalld"), directory or self.new_directory("rollcalld"), arguments, settings, core, wait=wait))

    def start(self, peer, *arguments, **options):
        """A running peer of bench.harness.peers, e.g. run.start(peers.knot, {"svc.internal": zone})."""
        return self._cleanup.enter_context(peer(self.new_directory(peer.__name__), *arguments, **options))

    def server(self, name, command, ports, core=None, directory=None):
        """A running program that is not one of the peers; `ports` as of servers.Server. `directory`: of one that has ended."""
        if directory is None:
            directory = self.new_directory(name)
            directory.mkdir()
        return self._cleanup.enter_context(servers.Server(name, command, directory, ports, core))

    def on_load_core(self, command):
        """The command's words, kept on the core of those who ask."""
        return [*cpu.pinned(cpu.cores()[1]), *(str(word) for word in command)]

    def say(self, sentence):
        """What is going on, for who waits in front of it."""
        print(f"  … {sentence}", flush=True)
