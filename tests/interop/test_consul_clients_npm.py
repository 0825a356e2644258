"""npm's consul at our door, with its watch."""

import os

from tests.interop.consul_facts import FACTS, ConsulClientCase, fetched, program
from tests.support.processes import environment, need_program

PACKAGE = "consul@2.0.1"
# An answer of `false` comes out of this client as undefined.
FACTS_OF_NPM = {**FACTS, **{fact: None for fact, value in FACTS.items() if value is False}}


class NpmTest(ConsulClientCase):
    def test_npm_consul(self):
        node, npm = need_program("node"), need_program("npm")
        directory = fetched(f"npm/{PACKAGE}", lambda into: [
            npm, "install", "--prefix", into, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE],
            env=dict(os.environ))
        module = directory / "node_modules/consul"
        self.check_facts([node, program("consul_client.js"), module], environment(), FACTS_OF_NPM)
