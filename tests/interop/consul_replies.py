"""What is wrong with a reply to a client of Consul, beside the recorded one that the client was content with.

`faults_of` names each fault. A reply may say more than the recorded one (no client minds); it may leave out what no client
reads, and differ in what is of the machine: indexes, versions, the node's own id.
"""

import json
import re

INT, TEXT, BOOL = "an integer", "a text", "a boolean"
STATUSES = {"passing", "warning", "critical", "maintenance"}
TEXT_MAP, TAGS = {"*": TEXT}, [TEXT]
INDEXES = {"CreateIndex": INT, "ModifyIndex": INT}
INDEXES_IF_ANY = {"CreateIndex?": INT, "ModifyIndex?": INT}
WEIGHTS = {"Passing": INT, "Warning": INT}
PLACES = {"*": {"Address": TEXT, "Port": INT}}

# Shapes. A key with `?` may be left out (all clients pass without), one with `|null` may be null; others may be neither.
# `*` is any key. What is not named is not read by any client here.
NODE = {"ID": TEXT, "Node": TEXT, "Address": TEXT, "Datacenter": TEXT, "TaggedAddresses|null": {"lan": TEXT, "wan": TEXT},
        "Meta": TEXT_MAP, **INDEXES_IF_ANY}
SERVICE = {"ID": TEXT, "Service": TEXT, "Tags": TAGS, "Address": TEXT, "Port": INT, "Meta": TEXT_MAP, "Weights": WEIGHTS,
           "EnableTagOverride": BOOL, "TaggedAddresses": PLACES, **INDEXES_IF_ANY}
CHECK = {"Node": TEXT, "CheckID": TEXT, "Name": TEXT, "Status": TEXT, "Notes": TEXT, "Output": TEXT, "ServiceID": TEXT,
         "ServiceName": TEXT, "ServiceTags": TAGS, "Type?": TEXT, "Definition?": {}, "Interval?": TEXT, "Timeout?": TEXT,
         "ExposedPort?": INT, **INDEXES_IF_ANY}
MEMBER = {"Name": TEXT, "Addr": TEXT, "Port": INT, "Tags": TEXT_MAP, "Status": INT, "ProtocolMin": INT, "ProtocolMax": INT,
          "ProtocolCur": INT, "DelegateMin": INT, "DelegateMax": INT, "DelegateCur": INT}
SELF = {"Config": {"Datacenter": TEXT, "NodeName": TEXT, "Revision": TEXT, "Server": BOOL, "Version": TEXT}, "Member": MEMBER}
CATALOG_ROW = {"ID": TEXT, "Node": TEXT, "Address": TEXT, "Datacenter": TEXT,
               "TaggedAddresses|null": {"lan": TEXT, "wan": TEXT}, "NodeMeta": TEXT_MAP, "ServiceID": TEXT,
               "ServiceName": TEXT, "ServiceTags": TAGS, "ServiceAddress": TEXT, "ServiceMeta": TEXT_MAP, "ServicePort": INT,
               "ServiceWeights": WEIGHTS, "ServiceEnableTagOverride": BOOL, **INDEXES}
HEALTH_ROW = {"Node": NODE, "Service": {**SERVICE, **INDEXES}, "Checks": [CHECK]}
KV_ROW = {"LockIndex": INT, "Key": TEXT, "Flags": INT, "Value|null": TEXT, "Session?": TEXT, **INDEXES}
AGENT_HEALTH = {"AggregatedStatus": TEXT, "Service": SERVICE, "Checks": [CHECK]}
SHAPES = [(re.compile(pattern + "$"), shape) for pattern, shape in [
    (r"/v1/status/leader", TEXT),
    (r"/v1/status/peers", [TEXT]),
    (r"/v1/agent/self", SELF),
    (r"/v1/agent/members", [MEMBER]),
    (r"/v1/agent/services", {"*": {**SERVICE, "Datacenter": TEXT}}),
    (r"/v1/agent/service/[^/]+", {**SERVICE, "ContentHash": TEXT}),
    (r"/v1/agent/checks", {"*": CHECK}),
    (r"/v1/agent/health/service/id/.+", AGENT_HEALTH),
    (r"/v1/agent/health/service/name/.+", [AGENT_HEALTH]),
    (r"/v1/catalog/datacenters", [TEXT]),
    (r"/v1/catalog/nodes", [{**NODE, **INDEXES}]),
    (r"/v1/catalog/services", {"*": TAGS}),
    (r"/v1/catalog/service/.+", [CATALOG_ROW]),
    (r"/v1/catalog/node/.+", {"Node": NODE, "Services": {"*": SERVICE}}),
    (r"/v1/health/service/.+", [HEALTH_ROW]),
    (r"/v1/health/(checks|node|state)/.+", [CHECK]),
    (r"/v1/session/create", {"ID": TEXT}),
    (r"/v1/session/renew/.+", [{"ID": TEXT, "Node": TEXT, "TTL": TEXT, "LockDelay": INT, "Behavior": TEXT, **INDEXES}])]]

# Of the recorded replies: keys that may be left out, keys whose values are of the machine, and what names a row of a list.
LEAN = {"Type", "Interval", "Timeout", "ExposedPort", "Definition", "Proxy", "Connect", "ServiceProxy", "ServiceConnect",
        "DebugConfig", "Coord", "Stats", "xDS",
        "PrimaryDatacenter", "NodeID", "BuildDate", "lan_ipv4", "wan_ipv4", "lan_ipv6", "wan_ipv6", "Kind", "NodeChecks",
        "ServiceChecks", "PeerName", "Namespace", "Partition"}
OF_THE_MACHINE = {"CreateIndex", "ModifyIndex", "ContentHash", "Version", "Revision", "BuildDate", "Server", "Addr", "NodeMeta",
                  "ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur", "Coord", "Stats",
                  "DebugConfig", "xDS", "NodeID", "LockDelay", "NodeChecks", "ServiceChecks"}
UNREAD = {"Proxy", "Connect", "ServiceProxy", "ServiceConnect"}  # of the mesh
ROW_NAMES = ("CheckID", "ServiceID", "Key", "ID", "Node", "Name")
STAND_INS_NODE = "11111111-2222-3333-4444-555555555555"
OWN = {"consul", "serfHealth"}  # Consul's own service and check: nobody needs them
MAINTENANCE = "_service_maintenance:", "_node_maintenance"
# Of what was not kept: services whose checks are run, against ports that nobody listens to now; and lists of checks.
MAY_BE_EMPTY = re.compile(r"/v1/health/(service/(tcp|http)-|state/)")
EVERYTHING = re.compile(r"/v1/(agent/services|agent/checks|catalog/services|agent/self)$")


def faults_of(exchange, asked_index, reply):
    if reply.status != exchange.status:
        return [f"status {reply.status}, not {exchange.status}: {reply.body[:200]!r}"]
    return [*header_faults(exchange, asked_index, reply), *body_faults(exchange, reply)]


def header_faults(exchange, asked_index, reply):
    recorded = exchange.reply_headers
    if "x-consul-index" in recorded:
        index = reply.headers.get("x-consul-index", "absent")
        if not re.fullmatch(r"[1-9]\d*", index):
            yield f"X-Consul-Index is {index}"
        elif asked_index is not None:
            yield from waking_faults(exchange, asked_index, int(index))
        if reply.status == 200 and reply.headers.get("x-consul-knownleader") != "true":
            yield f"X-Consul-KnownLeader is {reply.headers.get('x-consul-knownleader')}"
        if reply.status == 200 and not reply.headers.get("x-consul-lastcontact", "").isdigit():
            yield f"X-Consul-LastContact is {reply.headers.get('x-consul-lastcontact')}"
    if "x-consul-contenthash" in recorded and not reply.headers.get("x-consul-contenthash"):
        yield "no X-Consul-ContentHash"


def waking_faults(exchange, asked, index):
    recorded = exchange.index - exchange.asked_index
    if recorded == 0 and index != asked:
        yield f"woken without a change: asked with {asked}, answered with {index}"
    if recorded > 0 and index < asked or recorded > 0 and index == asked and not exchange.may_time_out:
        yield f"not woken by a change: asked with {asked}, answered with {index}"


def body_faults(exchange, reply):
    recorded_type = exchange.reply_headers.get("content-type", "").partition(";")[0]
    if not recorded_type:
        if reply.body:
            yield f"a body where none is read: {reply.body[:100]!r}"
        return
    if reply.media_type != recorded_type:
        yield f"Content-Type is {reply.headers.get('content-type')}"
    if recorded_type != "application/json":
        if exchange.has_reply and exchange.reply and exchange.reply not in reply.body.decode("utf-8", "replace"):
            yield f"says {reply.body[:200]!r}, not {exchange.reply!r}"
        return
    try:
        value = json.loads(reply.body)
    except ValueError:
        yield f"no JSON: {reply.body[:200]!r}"
        return
    yield from definition_faults(value, exchange.path)
    if exchange.has_reply:
        yield from value_faults(exchange.reply, value, exchange.path, bool(EVERYTHING.search(exchange.path)))
    elif value in (None, [], {}) and not MAY_BE_EMPTY.match(exchange.path):
        yield f"nothing where there was something: {value}"
    if not (exchange.has_reply and exchange.reply is None):
        yield from shape_faults(shape_of(exchange), value, exchange.path)


def shape_of(exchange):
    if exchange.path.startswith("/v1/kv/") and exchange.method == "GET":
        return [TEXT] if any(name == "keys" for name, _ in exchange.query) else [KV_ROW]
    return next((shape for pattern, shape in SHAPES if exchange.method != "DELETE" and pattern.match(exchange.path)), BOOL)


def definition_faults(value, path):
    """consul/api of Go panics at a null here, and with it the program."""
    if isinstance(value, dict):
        if "Definition" in value and value["Definition"] is None:
            yield f"{path}.Definition is null"
        for key, item in value.items():
            yield from definition_faults(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from definition_faults(item, path + "[]")


def kind_of(value):
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    return TEXT if isinstance(value, str) else "null" if value is None else type(value).__name__


def shape_faults(shape, value, path):
    if isinstance(shape, str):
        if kind_of(value) != shape:
            yield f"{path} is {json.dumps(value)[:60]}, not {shape}"
        elif path.endswith("Status") and shape == TEXT and value not in STATUSES:
            yield f"{path} is {value}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is {json.dumps(value)[:60]}, not a list"
            return
        for item in value:
            yield from shape_faults(shape[0], item, path + "[]")
    elif not isinstance(value, dict):
        yield f"{path} is {json.dumps(value)[:60]}, not an object"
    else:
        for word, inner in shape.items():
            name = word.removesuffix("?").removesuffix("|null")
            if name == "*":
                for key, item in value.items():
                    yield from shape_faults(inner, item, f"{path}.{key}")
            elif name in value and not (value[name] is None and word.endswith("|null")):
                yield from shape_faults(inner, value[name], f"{path}.{name}")
            elif name not in value and not word.endswith("?"):
                yield f"{path} has no {name}"


def value_faults(recorded, value, path, is_whole=False):
    """`is_whole`: an object whose keys are all that there is, so that one more is a fault."""
    key = path.rpartition(".")[2]
    if key in OF_THE_MACHINE or key in UNREAD or recorded in (STAND_INS_NODE, "") and key == "ID":
        return
    if path.startswith("/v1/kv/") and key == "Value" and recorded == "" and value is None:
        return  # what Consul itself says; all clients take both
    if key == "TaggedAddresses" and recorded is None:
        return  # of an external node: as of any other, or null
    if isinstance(recorded, dict) and isinstance(value, dict):
        yield from object_faults(recorded, value, path, is_whole)
    elif isinstance(recorded, list) and isinstance(value, list):
        yield from list_faults(recorded, value, path)
    elif kind_of(recorded) != kind_of(value):
        yield f"{path} is {json.dumps(value)[:60]}, not {json.dumps(recorded)[:60]}"
    elif recorded != value and not path.startswith("/v1/status/"):
        yield f"{path} is {json.dumps(value)[:60]}, not {json.dumps(recorded)[:60]}"


def object_faults(recorded, value, path, is_whole):
    if "consul-version" in recorded or "build" in recorded:
        return  # of the node itself, and of its program
    is_run = recorded.get("Type") in ("http", "tcp")
    is_maintenance = str(recorded.get("CheckID", "")).startswith(MAINTENANCE)
    for key, item in recorded.items():
        if key in OWN or key in LEAN and key not in value:
            continue
        if is_run and key in ("Status", "Output") or is_maintenance and key in ("Notes", "Output", "Type"):
            continue
        if key not in value:
            yield f"{path} has no {key}"
        elif path.endswith("/catalog/services"):
            yield from value_faults(sorted(item), sorted(value[key] or []), f"{path}.{key}")
        else:
            yield from value_faults(item, value[key], f"{path}.{key}", key == "Services")
    if is_whole and not path.endswith("/self"):
        yield from (f"{path} has {key} as well" for key in value if key not in recorded and key not in OWN)


def row_name(row):
    if "Service" in row and isinstance(row["Service"], dict):
        return row["Service"].get("ID")
    name = next((row.get(key) for key in ROW_NAMES if row.get(key)), None)
    return row.get("Node") if name and row.get("Node") and "TaggedAddresses" in row and "ServiceID" not in row else name


def list_faults(recorded, value, path):
    if not all(isinstance(item, dict) for item in recorded + value):
        if path.startswith("/v1/status/"):
            if not value:
                yield f"{path} is empty"
        elif recorded != value:
            yield f"{path} is {value}, not {recorded}"
        return
    expected = {row_name(row): row for row in recorded if row_name(row) not in OWN}
    found = {row_name(row): row for row in value if row_name(row) not in OWN}
    if set(expected) != set(found) or len(found) != len([row for row in value if row_name(row) not in OWN]):
        yield f"{path} has the rows {sorted(map(str, map(row_name, value)))}, not {sorted(map(str, expected))}"
        return
    for name, row in expected.items():
        yield from value_faults(row, found[name], f"{path}[{name}]")
