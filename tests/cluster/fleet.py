"""The fleet: simulated instances and observers in one process, which writes what it saw to a file.

    /usr/bin/python3 -m tests.cluster.fleet --out FILE --seconds S [--instances 200] [--seed N] NAME=ADDRESS[:HTTP:DNS]...

SIGTERM does what the end of its time does: no client calls any more, the observers look on until the last lease must be over,
the last answers of all nodes are recorded, and it exits.
"""

import argparse
import asyncio
import random
import signal
from dataclasses import dataclass

from tests.cluster import observers
from tests.cluster.calls import Dns
from tests.cluster.clients import TWIN_EVERY, Instance
from tests.cluster.history import Recorder

SERVICES = 10
QUIET_SECONDS = 15  # after the last request: the longest lease, and what its end takes


@dataclass
class Address:
    name: str
    address: str
    http_port: int = 8500
    dns_port: int = 8600


class Fleet:
    def __init__(self, nodes, instances, seed, out):
        self.nodes, self.instances, self.seed = nodes, instances, seed
        self.numbers_by_address = {self.address_of(number, is_twin): number for number in range(instances)
                                   for is_twin in (False, True)}
        self._recorder = Recorder(out)
        self._stop, self._end = asyncio.Event(), asyncio.Event()

    def service_of(self, number):
        return f"s{number % SERVICES}"

    @staticmethod
    def address_of(number, is_twin):
        return f"10.{79 if is_twin else 78}.{number // 250}.{number % 250 + 1}"

    @property
    def is_over(self):
        return self._end.is_set()

    @property
    def is_stopped(self):
        """Clients call no more."""
        return self._stop.is_set()

    def stop(self):
        self._stop.set()

    def record(self, value):
        self._recorder.add(value)

    async def sleep(self, seconds):
        """Cut short by the end."""
        if seconds <= 0:
            return await asyncio.sleep(0)
        await self._wait(self._end, seconds)

    @staticmethod
    async def _wait(event, seconds):
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    async def run(self, seconds):
        self.dns = [await Dns.open(node.address, node.dns_port) for node in self.nodes]
        looking = []
        for node in range(len(self.nodes)):
            looking += [observers.watch_events(self, node), observers.watch_serial(self, node), observers.watch_index(self, node)]
            looking += [observers.watch_dns(self, node, f"s{number}") for number in range(SERVICES)]
        looking = [asyncio.create_task(each) for each in looking]
        await asyncio.sleep(1)
        dice = random.Random(self.seed)
        instances = [Instance(number, self, random.Random(dice.random())) for number in range(self.instances)]
        instances += [Instance(number, self, random.Random(dice.random()), is_twin=True)
                      for number in range(0, self.instances, TWIN_EVERY)]
        living = [asyncio.create_task(instance.live()) for instance in instances]
        looking.append(asyncio.create_task(self._flush()))
        done, _ = await asyncio.wait([*looking, *living, asyncio.create_task(self._wait(self._stop, seconds))],
                                     return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()  # a task that ended by itself has failed
        # Nobody calls any more, and everybody looks on until the last lease is over. (A cancellation alone may be lost:
        # asyncio.wait_for swallows it when it comes together with a result.)
        self.stop()
        for each in living:
            each.cancel()
        await asyncio.gather(*living, return_exceptions=True)
        await self.sleep(QUIET_SECONDS)
        self._end.set()
        _, streams = await asyncio.wait(looking, timeout=2)
        for each in streams:
            each.cancel()
        self._recorder.close()

    async def _flush(self):
        while not self.is_over:
            await self.sleep(1)
            self._recorder.flush()


def parse_node(text):
    name, _, place = text.partition("=")
    address, *ports = place.split(":")
    return Address(name, address, *map(int, ports))


async def main():
    parser = argparse.ArgumentParser(prog="fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="+", type=parse_node)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    fleet = Fleet(words.nodes, words.instances, words.seed, words.out)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, fleet.stop)
    await fleet.run(words.seconds)


if __name__ == "__main__":
    asyncio.run(main())
