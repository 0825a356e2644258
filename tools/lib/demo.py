"""The demonstration: three web servers (member.py) on the roll, seen by dig; one is killed, one says good-bye.

    demo.py ROLLCALLD

Free ports, a directory of its own, and nothing left behind. Status 0 when all went as it should.
"""

import ctypes
import http.client
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEASE_MS = 3000
LATE_SECONDS_MAX = 1.0  # a loaded machine; it is a few milliseconds, and a dig, on an idle one
WAIT_SECONDS_MAX = 20
NAME = "web.svc.internal"
SRV_NAME = "_web._tcp.svc.internal"
ADDRESSES = {"web-1": "127.0.0.21", "web-2": "127.0.0.22", "web-3": "127.0.0.23"}


class Failure(Exception):
    """What was not as it should be, as a sentence."""


def say(text=""):
    print(text, flush=True)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def wait_until(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise Failure(f"not within {WAIT_SECONDS_MAX} s: {what}")


class Demo:
    """The processes of the story; they end with the `with` around it."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()

    def start_rollcalld(self, rollcalld):
        self.start("rollcalld", [rollcalld, "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                 "--db", self.directory / "rollcall.db"])
        self.dns_port = self.port_in_ready_lines(r"dig .*-p (\d+)")
        self.http_port = self.port_in_ready_lines(r"http://127\.0\.0\.1:(\d+)/")

    def start(self, name, command):
        output = open(self.directory / f"{name}.out", "wb")
        errors = open(self.directory / f"{name}.err", "wb")
        with output, errors:
            self.processes[name] = subprocess.Popen([str(word) for word in command], cwd=self.directory, stdout=output,
                                                    stderr=errors, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def output_of(self, name):
        return (self.directory / f"{name}.out").read_text()

    def port_in_ready_lines(self, pattern):
        def find():
            if self.processes["rollcalld"].poll() is not None:
                raise Failure("rollcalld did not start: " + (self.directory / "rollcalld.err").read_text().strip())
            return re.search(pattern, self.output_of("rollcalld"))
        return int(wait_until(find, "rollcalld is ready").group(1))

    def heartbeats(self, member):
        """(sent, answered) of each, in seconds of the monotonic clock."""
        lines = self.output_of(member).split("\n")[:-1]
        return [tuple(float(word) for word in line.split()) for line in lines]

    def dig(self, name, kind, show=False):
        command = ["dig", "@127.0.0.1", "-p", str(self.dns_port), name, kind, "+short", "+time=2", "+tries=1"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"dig: {done.stdout}{done.stderr}")
        if show:
            say(f"$ {' '.join(command[:-2])}\n{done.stdout.rstrip()}")
        return done.stdout.splitlines()

    def addresses(self, show=False):
        return set(self.dig(NAME, "A", show))

    def fetch(self):
        """One request the way a client of SRV does it: the first target that takes the connection."""
        for record in self.dig(SRV_NAME, "SRV"):
            _priority, _weight, port, target = record.split()
            for address in self.dig(target, "A"):
                connection = http.client.HTTPConnection(address, int(port), timeout=2)
                try:
                    connection.request("GET", "/")
                    return connection.getresponse().read().decode().removeprefix("hello from ").strip()
                except OSError:
                    continue
                finally:
                    connection.close()
        raise Failure(f"nobody behind {SRV_NAME} answered")

    def fetch_some(self, allowed):
        seen = [self.fetch() for _ in range(9)]
        say(f"nine requests, each through dig {SRV_NAME} SRV: {' '.join(seen)}")
        if not set(seen) <= allowed:
            raise Failure(f"answers from {set(seen) - allowed}, who should be out of reach")


def sign_on(demo):
    say(f"rollcalld answers DNS on 127.0.0.1:{demo.dns_port} and HTTP on 127.0.0.1:{demo.http_port}.")
    say(f"Three web servers start. Each sends a heartbeat every {LEASE_MS // 3} ms; its lease is {LEASE_MS} ms.\n")
    for member, address in ADDRESSES.items():
        demo.start(member, [sys.executable, "-B", Path(__file__).parent / "member.py", member, address,
                            demo.http_port, LEASE_MS])
    wait_until(lambda: all(demo.heartbeats(member) for member in ADDRESSES), "three heartbeats answered")
    if demo.addresses(show=True) != set(ADDRESSES.values()):
        raise Failure("a server whose heartbeat was answered is not in the DNS")
    demo.dig(SRV_NAME, "SRV", show=True)
    demo.dig("blue." + NAME, "A", show=True)
    demo.fetch_some(set(ADDRESSES))


def kill_one(demo, member):
    """Seconds from the end of the lease to the first dig without the member."""
    before = len(demo.heartbeats(member))
    wait_until(lambda: len(demo.heartbeats(member)) > before, f"the next heartbeat of {member}")
    demo.processes[member].kill()
    demo.processes[member].wait()
    sent, answered = demo.heartbeats(member)[-1]
    say(f"\nkill -9 {member}, {(time.monotonic() - answered) * 1000:.0f} ms after its last heartbeat. "
        "Nobody tells rollcalld; it waits for the lease.")

    if ADDRESSES[member] not in demo.addresses():
        raise Failure(f"{member} left the DNS before its lease ended")
    time.sleep(max(0.0, sent + LEASE_MS / 1000 - 0.2 - time.monotonic()))
    while ADDRESSES[member] in demo.addresses():
        if time.monotonic() > answered + LEASE_MS / 1000 + LATE_SECONDS_MAX:
            raise Failure(f"{member} is in the DNS {LATE_SECONDS_MAX:.0f} s after its lease ended")
    gone = time.monotonic()
    if gone < sent + LEASE_MS / 1000:
        raise Failure(f"{member} left the DNS before its lease ended")
    return gone - (sent + LEASE_MS / 1000)


def sign_off(demo, member):
    say(f"\n{member} gets a SIGTERM, signs off and ends.")
    demo.processes[member].terminate()
    demo.processes[member].wait(WAIT_SECONDS_MAX)
    if ADDRESSES[member] in demo.addresses(show=True):
        raise Failure(f"{member} has signed off and is still in the DNS")


def tell(demo):
    sign_on(demo)
    late = kill_one(demo, "web-2")
    say(f"web-2 was gone {late * 1000:.0f} ms after the end of its lease, by the first dig without it (running dig "
        "included).\n")
    demo.addresses(show=True)
    demo.fetch_some({"web-1", "web-3"})
    sign_off(demo, "web-3")
    demo.fetch_some({"web-1"})

    demo.processes["rollcalld"].terminate()
    if demo.processes["rollcalld"].wait(WAIT_SECONDS_MAX) != 0:
        raise Failure("rollcalld did not stop cleanly")
    say("\nrollcalld stopped cleanly. That is all.")


def run(kind, story):
    """`story(demo)`, in a directory of its own; its processes end with it, whatever happens."""
    def stop(number, _frame):
        raise Failure(f"stopped by {signal.Signals(number).name}")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with tempfile.TemporaryDirectory(prefix="rollcall-demo-") as directory, kind(Path(directory)) as demo:
            story(demo)
    except (Failure, subprocess.TimeoutExpired, OSError) as failure:
        print(f"tools/demo: {failure}", file=sys.stderr)
        return 1
    return 0


def main():
    def story(demo):
        demo.start_rollcalld(sys.argv[1])
        tell(demo)

    return run(Demo, story)


if __name__ == "__main__":
    sys.exit(main())
