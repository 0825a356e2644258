"""consul_tutorial.py HOST PORT TARGET_PORT: registers a service with a TCP check, and reads it back; as tutorials show it."""

import sys

from consul import Check, Consul

host, port, target = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
c = Consul(host=host, port=port)
check = Check.tcp("127.0.0.1", target, "10s", "30s", "30s")
c.agent.service.register("test1", service_id="test1", address="127.0.0.1", port=target, check=check)
services = c.agent.services()
service = services.get("test1")
print(len(services), service["Service"], service["Address"], service["Port"])
