"""Backends of the service `web`, each a process (programs/backend.py), started, restarted and killed by a test."""

import os
import signal
import sys

from tests.support.processes import REPOSITORY

PROGRAM = REPOSITORY / "tests/interop/programs/backend.py"
LEASE_SECONDS = 3
STOP_WITHIN = 20


class Fleet:
    def __init__(self, case, rollcalld, api):
        self.case = case
        self.rollcalld = rollcalld
        self.api = api
        self.processes = {}

    def start(self, *ids):
        for id in ids:
            self.processes[id] = self.case.start(id, [sys.executable, "-B", PROGRAM, id, self.rollcalld.http_port,
                                                      LEASE_SECONDS])
        self.case.eventually(lambda: set(ids) <= self.ready(), f"{ids} on the roll")

    def ready(self):
        return {id for id, instance in self.api.instances("web").items() if instance["status"] == "ready"}

    def stop(self, id):
        """As an operator or an orchestrator does: SIGTERM, and wait."""
        code = self.processes.pop(id).stop(STOP_WITHIN)
        self.case.assertEqual(0, code, f"exit code of {id}")

    def kill(self, id):
        process = self.processes.pop(id)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
