"""A small web server that keeps itself on the roll: one heartbeat now, and one every third of its lease.

    member.py ID ADDRESS API_PORT[,API_PORT...] LEASE_MS

With several ports, one for each node of a cluster, it stays with the first that answers, and goes to the next when that one
does not. Answers every GET with its id. Writes one line to stdout for every heartbeat that was answered: when it was sent, and
when the answer was there, in seconds of the monotonic clock; with several ports also the port. On SIGTERM it signs off and
ends; killed, it says nothing.
"""

import http.client
import http.server
import json
import signal
import sys
import threading
import time

SERVICE = "web"


class Greeting(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"hello from {self.server.id}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def call(api_port, method, path, body=None):
    """The status; 0 when the server cannot be reached."""
    connection = http.client.HTTPConnection("127.0.0.1", api_port, timeout=2)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def call_one(api_ports, method, path, body=None):
    """The status of the first that answers and does not say 503; that one is asked first from then on."""
    for _ in range(len(api_ports)):
        status = call(api_ports[0], method, path, body)
        if status not in (0, 503):
            return status
        api_ports.append(api_ports.pop(0))
    return 0


def keep_on_the_roll(server, api_ports, lease_ms, leaving):
    address, port = server.server_address
    registration = json.dumps({"service": SERVICE, "id": server.id, "address": address, "port": port,
                               "tags": ["blue"] if server.id == "web-1" else [], "ttl": f"{lease_ms}ms"})
    while not leaving.is_set():
        sent = time.monotonic()
        if call_one(api_ports, "POST", "/v1/heartbeat", registration) in (200, 201):
            by = f" {api_ports[0]}" if len(api_ports) > 1 else ""
            print(f"{sent:.6f} {time.monotonic():.6f}{by}", flush=True)
        leaving.wait(max(0.0, sent + lease_ms / 3000 - time.monotonic()))
    call_one(api_ports, "DELETE", f"/v1/services/{SERVICE}/instances/{server.id}")


def main():
    server_id, address, lease_ms = sys.argv[1], sys.argv[2], int(sys.argv[4])
    api_ports = [int(port) for port in sys.argv[3].split(",")]
    server = http.server.ThreadingHTTPServer((address, 0), Greeting)
    server.id = server_id
    threading.Thread(target=server.serve_forever, daemon=True).start()
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    keep_on_the_roll(server, api_ports, lease_ms, leaving)


if __name__ == "__main__":
    main()
