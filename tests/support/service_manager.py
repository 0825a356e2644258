"""What systemd is to a service: a socket that hears of its state, and sockets that are bound before it starts.

As a program it binds sockets and becomes another program, which finds them as sd_listen_fds(3) says:
    python3 service_manager.py NAME=udp:127.0.0.1:53 NAME=tcp:[::1]:8500 -- COMMAND…
"""

import os
import select
import socket
import sys
import time

FIRST_DESCRIPTOR = 3


class NotifySocket:
    """$NOTIFY_SOCKET of one service. `states` collects every datagram as a dict."""

    def __init__(self, path):
        self.path = path
        self.states = []
        self._waited_for = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def close(self):
        self._socket.close()

    def hear(self, seconds=0):
        """Takes what is there, or comes within this time; the datagrams that came."""
        heard = []
        deadline = time.monotonic() + seconds
        while select.select([self._socket], [], [], max(0, deadline - time.monotonic()) if not heard else 0)[0]:
            lines = self._socket.recv(65536).decode().split("\n")
            heard.append(dict(line.split("=", 1) for line in lines))
        self.states += heard
        return heard

    def wait_for(self, key, value=None, seconds=15):
        """The first datagram with the key, behind the last one that was waited for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.hear(0.05)
            for i, state in enumerate(self.states[self._waited_for:], self._waited_for + 1):
                if key in state and value in (None, state[key]):
                    self._waited_for = i
                    return state
        raise AssertionError(f"no {key} within {seconds} s; heard {self.states}")

    def wait_for_any(self, wanted, seconds=15):
        """The same for the first datagram with one of the keys, and a value that begins so (None: any)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.hear(0.05)
            for i, state in enumerate(self.states[self._waited_for:], self._waited_for + 1):
                if any(key in state and state[key].startswith(value or "") for key, value in wanted.items()):
                    self._waited_for = i
                    return state
        raise AssertionError(f"none of {wanted} within {seconds} s; heard {self.states}")

    def forget(self):
        """What has come so far is not waited for any more."""
        self.hear()
        self._waited_for = len(self.states)

    def beats(self, seconds):
        """How many WATCHDOG=1 come within this time."""
        count, deadline = 0, time.monotonic() + seconds
        while time.monotonic() < deadline:
            count += sum("WATCHDOG" in state for state in self.hear(0.02))
        return count


def bind(text):
    kind, host, port = text.partition(":")[0], *text.partition(":")[2].rsplit(":", 1)
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == "tcp"))
    bound.bind((host, int(port)))
    if kind == "tcp":
        bound.listen(64)
    bound.setblocking(False)  # as systemd gives them
    return bound


def main():
    divider = sys.argv.index("--")
    names, held = [], []
    for word in sys.argv[1:divider]:
        name, _, text = word.partition("=")
        names.append(name)
        held.append(bind(text))
    # Out of the way first: a descriptor may stand where another one goes.
    copies = [os.dup2(each.fileno(), 200 + i) for i, each in enumerate(held)]
    for i, descriptor in enumerate(copies):
        os.dup2(descriptor, FIRST_DESCRIPTOR + i, inheritable=True)
    os.closerange(FIRST_DESCRIPTOR + len(copies), 400)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)), LISTEN_FDNAMES=":".join(names))
    os.execv(sys.argv[divider + 1], sys.argv[divider + 1:])


if __name__ == "__main__":
    main()
