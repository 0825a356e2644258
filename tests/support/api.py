"""The HTTP API as a test calls it: one keep-alive connection, JSON in and out.

An Api belongs to one thread. A connection the server closed while idle is opened again once; a request that failed
half-way raises OSError or http.client.HTTPException, and the caller knows that its outcome is unknown.
"""

import http.client
import json
import socket
import urllib.parse


class Answer:
    """Status, headers and the body, read as JSON where it is JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def is_problem(self):
        return self.headers.get_content_type() == "application/problem+json"

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Api:
    def __init__(self, address, port, timeout=15):
        self._connection = http.client.HTTPConnection(address, port, timeout=timeout)

    def close(self):
        self._connection.close()

    def call(self, method, path, body=None):
        reused = self._connection.sock is not None
        try:
            return self.call_once(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not reused:
                raise
            return self.call_once(method, path, body)

    def call_once(self, method, path, body=None):
        """As `call`, but a request is never sent twice."""
        text = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
        headers = {} if text is None else {"Content-Type": "application/json"}
        try:
            if self._connection.sock is None:
                self._connection.connect()
                self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.request(method, path, body=text, headers=headers)
            return Answer(self._connection.getresponse())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    # --- the calls; `expect_` ones fail the test unless the server agreed ---

    def register(self, service, id, address="192.0.2.1", port=80, **fields):
        return self.call("PUT", instance_path(service, id), registration(address, port, **fields))

    def deregister(self, service, id):
        return self.call("DELETE", instance_path(service, id))

    def heartbeat(self, service, id):
        return self.call("POST", instance_path(service, id) + "/heartbeat")

    def expect_registered(self, service, id, address="192.0.2.1", port=80, **fields):
        answer = self.register(service, id, address, port, **fields)
        assert answer.status in (200, 201), f"registration of {service}/{id}: {answer}"
        return answer.json

    def expect_deregistered(self, service, id):
        answer = self.deregister(service, id)
        assert answer.status == 204, f"deregistration of {service}/{id}: {answer}"

    def instances(self, service):
        """{id: instance} of the service; empty also for a service nobody has heard of."""
        answer = self.call("GET", f"/v1/services/{service}")
        if answer.status == 404:
            return {}
        assert answer.status == 200, f"list of {service}: {answer}"
        return {instance["id"]: instance for instance in answer.json["instances"]}

    def metric(self, name):
        """The value of a metric without labels."""
        page = self.call("GET", "/metrics").body.decode()
        return next(float(line.split()[1]) for line in page.splitlines() if line.startswith(name + " "))

    def ids(self, service):
        return set(self.instances(service))


def instance_path(service, id):
    return f"/v1/services/{service}/instances/{urllib.parse.quote(id, safe='')}"


def registration(address, port, **fields):
    """A body: `address` is a literal, or a list of them. The lease outlives the test unless it is given."""
    body = {"address": address} if isinstance(address, str) else {"addresses": address}
    return {**body, "port": port, "ttl": "300s", **fields}


def wire(method, path, body=None, close=False):
    """The bytes of a request, for those who send many of them at once."""
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n"
    if text:
        head += "Content-Type: application/json\r\n"
    if close:
        head += "Connection: close\r\n"
    return head.encode() + b"\r\n" + text
