"""Simulated instances. Each has a habit, and keeps to it whatever the nodes do:

    steady     a heartbeat every third of its lease, at its node until that one fails
    wandering  each heartbeat at another node
    late       beats around the very end of its lease: sometimes just before, sometimes just after
    coming     registers, stays some seconds, deregisters, and comes back
    dying      beats for a while, then falls silent; comes back when its lease is long over
    changing   as steady, with a lease that is now longer, now shorter

Some have a twin: another client of the same id, at another address, calling another node. The later of their changes counts.

On 503, a refused connection or a time-out it goes to the next node at once. Odd ones send their whole registration each time
(POST /v1/heartbeat), even ones a heartbeat without a body, and register again on 404.
"""

import asyncio
import json

from tests.cluster.calls import Http, NotSent, Unanswered
from tests.cluster.history import Op, Probe, boot_time
from tests.cluster.wire import TYPE_A

HABITS = ("steady", "wandering", "late", "late", "coming", "dying", "changing")
TWIN_EVERY = 21  # of the steady ones
LEASES = (1.0, 1.0, 2.0, 3.0, 5.0, 10.0)
PROBED_SHARE = 0.3


class Instance:
    def __init__(self, number, fleet, dice, is_twin=False):
        self.number, self.fleet, self.dice = number, fleet, dice
        self.service, self.id = fleet.service_of(number), f"i{number}"
        self.x = f"{self.service}/{self.id}"
        self.address = fleet.address_of(number, is_twin)
        self.ttl = LEASES[number % len(LEASES)]
        self.habit = HABITS[number % len(HABITS)]
        self.node = dice.randrange(len(fleet.nodes))
        self.connections = [Http(node.address, node.http_port) for node in fleet.nodes]
        self.sends_whole = number % 2 == 1 or number % TWIN_EVERY == 0
        self.asked_ttl = self.ttl
        self.acknowledged_sent = 0.0

    async def live(self):
        await asyncio.sleep(self.dice.random() * 3)
        while not self.fleet.is_stopped:
            if not await self.until_acknowledged("put"):
                return
            if self.habit == "coming":
                await self.beat_for(self.dice.uniform(1, 15))
                await self.until_acknowledged("del")
                await self.fleet.sleep(self.dice.uniform(1, 5))
            elif self.habit == "dying":
                await self.beat_for(self.dice.uniform(3, 20))
                await self.fleet.sleep(self.ttl + self.dice.uniform(5, 30))
            else:
                await self.beat_for(600)

    async def beat_for(self, seconds):
        end = boot_time() + seconds
        while boot_time() < end and not self.fleet.is_stopped:
            await self.fleet.sleep(self.acknowledged_sent + self.pause() - boot_time())
            if self.habit == "wandering":
                self.node = self.dice.randrange(len(self.fleet.nodes))
            if self.habit == "changing" and self.dice.random() < 0.2:
                await self.change()
            else:
                await self.until_acknowledged("put" if self.sends_whole else "beat")

    async def change(self):
        """Until it is acknowledged the shorter of the two leases counts."""
        new = self.dice.choice(LEASES)
        self.ttl, self.asked_ttl = min(self.ttl, new), new
        if await self.until_acknowledged("put"):
            self.ttl = new

    def pause(self):
        """From the sending of one heartbeat to the next."""
        if self.habit == "late":
            return self.ttl + self.dice.uniform(-0.15, 0.1)
        return self.ttl / 3

    async def until_acknowledged(self, op):
        """Whether it was, before the end of everything."""
        while not self.fleet.is_stopped:
            done = await self.call(op)
            if done.is_acknowledged:
                self.acknowledged_sent = done.sent
                return True
            if done.status == 404:
                if op == "del":
                    return True
                op = "put"
                continue
            self.node = (self.node + 1) % len(self.fleet.nodes)
            await self.fleet.sleep(0.05 if done.status != 503 else 0.15)
        return False

    def request(self, op):
        path = f"/v1/services/{self.service}/instances/{self.id}"
        body = {"address": self.address, "port": 1000 + self.number % 60000, "ttl": f"{int(self.asked_ttl * 1000)}ms"}
        if op == "beat":
            return "POST", path + "/heartbeat", None
        if op == "del":
            return "DELETE", path, None
        if self.sends_whole:
            return "POST", "/v1/heartbeat", {**body, "service": self.service, "id": self.id}
        return "PUT", path, body

    async def call(self, op):
        node, began = self.fleet.nodes[self.node], boot_time()
        timeout = min(1.0, max(0.3, self.ttl / 3))
        try:
            sent, ended, status, _, body = await self.connections[self.node].call(*self.request(op), timeout=timeout)
            said = json.loads(body) if status in (200, 201) else {}
            ttl = said["ttl_ms"] / 1000 if said else self.ttl
            done = Op(self.x, op, node.name, sent, ended, status, ttl, said.get("index", 0))
        except Unanswered as error:
            done = Op(self.x, op, node.name, *error.args, 0, self.ttl)
        except NotSent:
            done = Op(self.x, op, node.name, began, boot_time(), -1, self.ttl)
        except asyncio.CancelledError:
            self.fleet.record(Op(self.x, op, node.name, began, boot_time(), 0, self.ttl))
            raise
        self.fleet.record(done)
        if done.is_acknowledged and self.dice.random() < PROBED_SHARE:
            await self.probe(self.node)
        return done

    async def probe(self, node):
        """The next answer of the node that has just acknowledged."""
        sent, done, reply = await self.fleet.dns[node].ask(f"{self.id}.{self.service}.svc.internal", TYPE_A)
        found = None
        if reply is not None and reply.rcode in (0, 3):
            found = bool(reply.addresses)  # its own address, or its twin's
        rcode = reply.rcode if reply else -1
        self.fleet.record(Probe(self.x, self.fleet.nodes[node].name, sent, done, found, rcode))
