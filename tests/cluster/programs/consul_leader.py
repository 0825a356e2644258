"""A member of an election by sessions and a key, as programs do it with Debian's python3-consul: asks its own node.

    consul_leader.py HOST PORT NAME     a line for each change: `leads TIME`, `follows TIME`; TIME is time.monotonic()
"""

import sys
import time

import consul

host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = consul.Consul(host=host, port=port)
session, leads = None, None
while True:
    try:
        if session is None:
            session = client.session.create(name=name, ttl=10, lock_delay=1, behavior="release")
        else:
            client.session.renew(session)
        now = client.kv.put("service/web/leader", name, acquire=session)
    except consul.NotFound:  # the session has ended
        session, now = None, False
    except Exception as error:  # the node or etcd is away: whoever does not know that he leads does not
        print(f"# {error}", file=sys.stderr, flush=True)
        now = False
    if now != leads:
        leads = now
        print("leads" if leads else "follows", time.monotonic(), flush=True)
    time.sleep(1)
