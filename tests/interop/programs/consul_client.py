"""consul_client.py HOST PORT: what a program does with python-consul, py-consul or Debian's python3-consul, whichever is found.
Prints a line a fact: its name and its value, as JSON."""

import json
import sys
import threading
import time

import consul

host, port = sys.argv[1], int(sys.argv[2])
client = consul.Consul(host=host, port=port)


def say(fact, value):
    print(json.dumps([fact, value]), flush=True)


def ids(passing):
    index, nodes = client.health.service("web", passing=passing)
    assert int(index) >= 1, index
    return sorted(node["Service"]["ID"] for node in nodes)


def register(number):
    return client.agent.service.register("web", service_id=f"web-{number}", address=f"127.0.0.{number}", port=8080 + number,
                                         tags=["blue", f"v{number}"], check=consul.Check.ttl("600s"))


def session(name):
    return client.session.create(name=name, ttl=600, lock_delay=0)


say("leader", ":" in client.status.leader())
say("registered", [register(1), register(2)])
own = client.agent.services()["web-1"]
say("shown", [own["Service"], own["Address"], own["Port"], sorted(own["Tags"])])
say("status before a beat", client.agent.checks()["service:web-1"]["Status"])
say("passing before a beat", ids(passing=True))
say("beat", client.agent.check.ttl_pass("service:web-1", "all well"))
say("its output", client.agent.checks()["service:web-1"]["Output"])
say("passing after it", ids(passing=True))

index, _ = client.health.service("web", passing=True)
woken = []
other = consul.Consul(host=host, port=port)
waiting = threading.Thread(target=lambda: woken.append(other.health.service("web", index=index, wait="50s", passing=True)))
waiting.start()
client.agent.check.ttl_pass("service:web-2")
waiting.join()
say("woken by another", [int(woken[0][0]) > int(index), sorted(node["Service"]["ID"] for node in woken[0][1])])
index, nodes = client.health.service("web")
again, same = client.health.service("web", index=index, wait="200ms")
say("a wait that ends has the same", [index == again, nodes == same])

client.agent.check.ttl_warn("service:web-1")
say("passing when warned", ids(passing=True))
client.agent.check.ttl_fail("service:web-1", "broken")
say("passing when failed", ids(passing=True))
say("listed when failed", ids(passing=False))
client.agent.service.maintenance("web-2", "true", "work")
say("passing in maintenance", ids(passing=True))
client.agent.service.maintenance("web-2", "false")
say("passing after it ends", ids(passing=True))
say("services", {name: sorted(tags) for name, tags in client.catalog.services()[1].items() if name != "consul"})
say("addresses", sorted([row["ServiceAddress"], row["ServicePort"]] for row in client.catalog.service("web", tag="v1")[1]))
say("an unknown service", client.health.service("none")[1])
say("a beat for nobody", client.agent.check.ttl_pass("service:none"))
say("end of nobody", client.agent.service.deregister("none"))

index, value = client.kv.get("app/a")
say("a missing key", [int(index) >= 1, value])
say("put", [client.kv.put("app/a", "v"), client.kv.put("app/b", "é".encode())])
index, entry = client.kv.get("app/a")
say("get", [entry["Key"], entry["Value"].decode(), entry["Flags"]])
say("put with an old index", client.kv.put("app/a", "w", cas=1))
say("put if absent", client.kv.put("app/a", "w", cas=0))
say("put with its index", client.kv.put("app/a", "w", cas=entry["ModifyIndex"]))
say("values below", sorted([row["Key"], row["Value"].decode()] for row in client.kv.get("app/", recurse=True)[1]))
say("keys below", sorted(client.kv.get("app/", keys=True)[1]))
first, second = session("first"), session("second")
say("lock", client.kv.put("lock", "1", acquire=first))
say("lock of another", client.kv.put("lock", "2", acquire=second))
say("holder", client.kv.get("lock")[1]["Session"] == first)
say("release", client.kv.put("lock", "1", release=first))
say("lock after it", client.kv.put("lock", "2", acquire=second))
say("renewed", client.session.renew(second)["ID"] == second)
say("destroyed", client.session.destroy(second))
say("holder after that", client.kv.get("lock")[1].get("Session"))
client.session.destroy(first)
say("delete", [client.kv.delete("app/", recurse=True), client.kv.delete("lock")])
say("after delete", client.kv.get("app/a")[1])


def status():
    return [check["Status"] for check in client.health.checks("brief")[1]]


client.agent.service.register("brief", port=1, check=consul.Check.ttl("1s"))
client.agent.check.ttl_pass("service:brief")
deadline = time.monotonic() + 30
while status() != ["critical"] and time.monotonic() < deadline:
    time.sleep(0.05)
say("left alone", [status(), len(client.health.service("brief")[1]), len(client.health.service("brief", passing=True)[1])])
say("revived", [client.agent.check.ttl_pass("service:brief"), client.agent.service.deregister("brief")])
say("end", client.agent.service.deregister("web-1"))
say("listed at the end", ids(passing=False))
