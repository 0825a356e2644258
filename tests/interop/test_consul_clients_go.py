"""github.com/hashicorp/consul/api at our door, with its watch plans and its lock; most of what is written in Go for Consul
stands on it."""

from tests.interop.consul_facts import FACTS, ConsulClientCase, build_go_program, program
from tests.support.processes import environment

FACTS_OF_GO = {
    **FACTS,
    "one by its id": [True, 1, "dc1"],
    "plan of a service": True,
    "plan of checks": True,
    "plan of services": True,
    "plan of a key": True,
    "aggregated": [["critical", "web-1"], ["warning", "web-1"]],
    "filtered": ["web-2"],
    "transaction": [False, 1, True],
    "lock of the library": [True, True, True],
}


class GoTest(ConsulClientCase):
    def test_consul_api(self):
        binary = build_go_program("consul-api", program("consul_client_go"))
        self.check_facts([binary], environment(), FACTS_OF_GO)
