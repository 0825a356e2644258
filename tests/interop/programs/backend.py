"""A small web server that keeps itself on the roll and leaves it as a service should: what stands behind a proxy in the tests.

    backend.py ID API_PORT LEASE

Listens on a free port of 127.0.0.1. Answers every GET with its id after a few milliseconds, so that requests are under way
whenever something happens. On SIGTERM: drains, waits until no cache can hold it, goes on serving for LINGER_SECONDS (a
proxy needs a moment to act on what it has read), finishes what is under way, deregisters, ends. Killed, it says nothing.
"""

import asyncio
import json
import signal
import sys

WORK_SECONDS = 0.005
LINGER_SECONDS = 1.0
SERVICE = "web"


class Backend:
    def __init__(self, id, api_port, lease):
        self.id = id
        self.api_port = api_port
        self.lease = lease
        self.path = f"/v1/services/{SERVICE}/instances/{id}"
        self.under_way = 0

    async def run(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        leaving = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
        heartbeats = asyncio.create_task(self.keep_on_the_roll())
        await leaving.wait()
        await self.call("POST", self.path + "/drain?wait=10s")
        await asyncio.sleep(LINGER_SECONDS)
        server.close()
        while self.under_way:
            await asyncio.sleep(0.01)
        heartbeats.cancel()
        await self.call("DELETE", self.path)

    async def serve(self, reader, writer):
        body = self.id.encode()
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.under_way += 1
                try:
                    await asyncio.sleep(WORK_SECONDS)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                    await writer.drain()
                finally:
                    self.under_way -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def keep_on_the_roll(self):
        registration = {"service": SERVICE, "id": self.id, "address": "127.0.0.1", "port": self.port,
                        "ttl": f"{self.lease}s"}
        while True:
            await self.call("POST", "/v1/heartbeat", registration)
            await asyncio.sleep(self.lease / 3)

    async def call(self, method, path, body=None):
        """One request on a connection of its own."""
        text = json.dumps(body).encode() if body is not None else b""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.api_port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
        answer = await reader.read()
        writer.close()
        if not answer.startswith(b"HTTP/1.1 2"):
            raise SystemExit(f"{method} {path}: {answer[:300]!r}")


if __name__ == "__main__":
    asyncio.run(Backend(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run())
