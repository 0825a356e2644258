"""Many requests at once: pipelined on one connection, or from many writers with a connection each."""

import contextlib
import http.client
import itertools
import socket
import threading

from tests.support.api import registration, wire

PIPELINED = 128


def pipeline(server, requests):
    """Sends the requests over one connection, PIPELINED at a time, and returns their status codes in order."""
    statuses = []
    with socket.create_connection((server.address, server.http_port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        for start in range(0, len(requests), PIPELINED):
            block = requests[start:start + PIPELINED]
            connection.sendall(b"".join(block))
            statuses += [read_status(stream) for _ in block]
    return statuses


def read_status(stream):
    """Reads one response, body and all; its status."""
    line = stream.readline()
    assert line, "the server closed the connection"
    length = 0
    for header in iter(stream.readline, b"\r\n"):
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    stream.read(length)
    return int(line.split()[1])


def register_many(server, instances, connections=4):
    """`instances`: (service, id, ttl). Registers all of them, over a few pipelined connections."""
    requests = [wire("PUT", f"/v1/services/{service}/instances/{id}", registration("192.0.2.1", 80, ttl=ttl))
                for service, id, ttl in instances]
    results = in_threads(connections, lambda n: pipeline(server, requests[n::connections]))
    refused = [status for statuses in results for status in statuses if status not in (200, 201)]
    assert not refused, f"{len(refused)} of {len(requests)} refused: {refused[:5]}"


def in_threads(count, work):
    """Runs work(0) … work(count - 1) in threads; the results in order. The first exception is raised here."""
    results, failures = [None] * count, []

    def body(n):
        try:
            results[n] = work(n)
        except Exception as failure:  # carried to the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=body, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if failures:
        raise failures[0]
    return results


@contextlib.contextmanager
def stubborn_writers(server, count):
    """While it is open, that many threads register one after the other, whatever the answers are."""
    done = threading.Event()

    def insist(n):
        api = server.api()
        try:
            for step in itertools.count():
                if done.is_set():
                    return
                api.register(f"stubborn-{n}", f"i-{step}")
        finally:
            api.close()

    threads = [threading.Thread(target=insist, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(30)


class Writer(threading.Thread):
    """Registers, updates and deregisters instances of its own service until the server goes away or `stop` is called.

    `certain`: {id: port, or None for deregistered}, of those whose last request was answered with a 2xx.
    `uncertain`: the ids whose last request got no answer, or was refused on the way out: either state is right.
    """

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.service = f"writer-{number}"
        self.certain = {}
        self.uncertain = set()
        self.acknowledged = 0
        self.statuses = set()
        self._api = server.api(timeout=10)
        self._stopped = threading.Event()

    def stop(self):
        self._stopped.set()
        self.join(30)

    def run(self):
        try:
            for step in range(1_000_000):
                if self._stopped.is_set():
                    break
                self._one(step)
        except (OSError, http.client.HTTPException, ConnectionError):
            pass
        finally:
            self._api.close()

    def _one(self, step):
        id = f"i-{step % 400}"
        deregisters = self.certain.get(id) is not None and step % 3 == 0
        port = None if deregisters else 1000 + step % 60000
        self.certain.pop(id, None)
        self.uncertain.add(id)
        answer = self._deregister(id) if deregisters else self._register(id, port)
        self.statuses.add(answer.status)
        if answer.status in (200, 201, 204):
            self.uncertain.discard(id)
            self.certain[id] = port
            self.acknowledged += 1

    # Not through Api.call, which would send a request again on a connection that was closed.
    def _register(self, id, port):
        body = registration("192.0.2.1", port, ttl="120s")
        return self._api.call_once("PUT", f"/v1/services/{self.service}/instances/{id}", body)

    def _deregister(self, id):
        return self._api.call_once("DELETE", f"/v1/services/{self.service}/instances/{id}")

    def contradictions(self, found):
        """What `found` ({id: port}) says otherwise than the server's own acknowledgements."""
        wrong = [f"{self.service}/{id}: acknowledged {port}, found {found.get(id)}"
                 for id, port in self.certain.items() if found.get(id) != port]
        stray = found.keys() - self.certain.keys() - self.uncertain
        return wrong + [f"{self.service}/{id}: never asked for" for id in stray]
