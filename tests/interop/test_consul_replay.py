"""What real clients of Consul sent (data/consul), sent again to a fresh server: each reply must be one that the client was
content with (consul_replies.py says what that is, and test_consul_replies.py that it is not too little)."""

from tests.interop.consul_recordings import NoReply, Replay, clients, exchanges_of
from tests.interop.consul_replies import faults_of
from tests.support.case import Case

SETTINGS = """\
[consul]
datacenter = "dc1"
node = "node1"
address = "127.0.0.1"
"""


class ConsulReplayTest(Case):
    maxDiff = None

    def replay(self, client):
        server = self.server("--config", self.settings_file(SETTINGS))
        exchanges, heard, faults = exchanges_of(client), [], []

        def judge(exchange, asked_index, reply):
            heard.append(exchange)
            faults.extend(f"{exchange.name}: {fault}" for fault in faults_of(exchange, asked_index, reply))
        try:
            Replay(server.address, server.http_port, judge).run(exchanges)
        except NoReply as end:
            faults.append(str(end))
        self.assertEqual([], faults)
        self.assertEqual(len(exchanges), len(heard) + sum(exchange.is_cancelled for exchange in exchanges))


def replay_of(client):
    return lambda self: self.replay(client)


for _client in clients():
    setattr(ConsulReplayTest, f"test_{_client.replace('-', '_').replace('.', '_')}", replay_of(_client))
