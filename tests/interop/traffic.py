"""Requests at a steady rate, whether or not earlier ones have been answered: what people at browsers do to a proxy.

Each request has a connection of its own. `failures` holds what went wrong, with the moment the request began (monotonic
clock); `answers` the moment and the body of each that went well.
"""

import asyncio
import threading
import time

TIMEOUT_SECONDS = 5


class Traffic:
    """Flows while the `with` around it lasts; what is under way is waited for."""

    def __init__(self, port, per_second=200):
        self.port = port
        self.per_second = per_second
        self.answers = []
        self.failures = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._flow()), daemon=True)

    def __enter__(self):
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join(TIMEOUT_SECONDS * 2)
        self.ended = time.monotonic()

    def bodies_since(self, moment):
        return {body for began, body in self.answers if began >= moment}

    def failures_since(self, moment):
        return [failure for failure in self.failures if failure[0] >= moment]

    async def _flow(self):
        requests = set()
        due = time.monotonic()
        while not self._done.is_set():
            request = asyncio.create_task(self._request())
            requests.add(request)
            request.add_done_callback(requests.discard)
            due += 1 / self.per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*requests)

    async def _request(self):
        began = time.monotonic()
        try:
            head, body = await asyncio.wait_for(self._exchange(), TIMEOUT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            self.failures.append((began, repr(error)))
            return
        if head.startswith("HTTP/1.1 200 ") and body:
            self.answers.append((began, body))
        else:
            self.failures.append((began, head.partition("\r\n")[0] or "nothing"))

    async def _exchange(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
            return head, body
        finally:
            writer.close()
