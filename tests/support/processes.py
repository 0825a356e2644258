"""Child processes of a test: found, started with their output in a file, and ended with the test.

Every child dies with the test program, also when that is killed: PR_SET_PDEATHSIG. Start children from the main thread
only, because the kernel ties that signal to the thread which started the child.
"""

import atexit
import ctypes
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SYSTEM_PATHS = "/usr/sbin:/sbin:/usr/local/sbin:/usr/local/go/bin"
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
_running = []
_given_ports = set()


def find_program(name):
    """The path of a program, or None. Also looks where daemons live, which are not on everyone's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":" + SYSTEM_PATHS)


def need_program(name):
    """The path of a program; without it the test is skipped, and says so."""
    path = find_program(name)
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def environment(**changes):
    """The environment of children: no proxies, a fixed locale."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**kept, "LC_ALL": "C.UTF-8", **changes}


def run(command, timeout=30, **options):
    """Runs a program to its end; the result has returncode, stdout and stderr as text."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, env=options.pop("env", None) or environment(), **options)


def free_port(address="127.0.0.1"):
    """A port that is free for UDP and TCP at this moment, and another one each time; another one too in each of the suites
    that run side by side."""
    lane, lanes = map(int, os.environ.get("ROLLCALL_TEST_LANE", "0/1").split("/"))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(50 * lanes):
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((address, port))
            except OSError:
                continue
            if port in _given_ports or port // 2 % lanes != lane:
                continue
            _given_ports.add(port)
            return port
    raise AssertionError("no port is free for both UDP and TCP")


def need_ipv6():
    try:
        free_port("::1")
    except OSError:
        raise unittest.SkipTest("this machine has no ::1") from None


def need_open_files(count):
    """Raises this process's own limit where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise unittest.SkipTest(f"only {hard} files may be open at a time")
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def wait_until(condition, timeout, what, every=0.02):
    """Calls `condition` until it returns something true, and returns that. Fails with `what` and the last value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what}; at the end: {value!r}")
        time.sleep(every)


class Process:
    """A child whose stdout and stderr go to files in `directory`, named after it."""

    def __init__(self, name, command, directory, **options):
        self.name = name
        self.stdout_path = pathlib.Path(directory) / f"{name}.stdout"
        self.stderr_path = pathlib.Path(directory) / f"{name}.stderr"
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self._child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err,
                                           stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent,
                                           env=options.pop("env", None) or environment(), **options)
        self.pid = self._child.pid
        _running.append(self)

    def is_running(self):
        return self._child.poll() is None

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, timeout=10):
        """The exit code, negative for a signal."""
        code = self._child.wait(timeout)
        if self in _running:
            _running.remove(self)
        return code

    def stop(self, timeout=10):
        """SIGTERM, and the exit code."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        if self.is_running():
            self.signal(signal.SIGKILL)
        return self.wait()

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def resident_bytes(self):
        """VmRSS."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def kill_all():
    """Ends whatever is still running."""
    for process in list(_running):
        process.kill()


def running():
    return list(_running)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


atexit.register(kill_all)
