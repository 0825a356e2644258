"""The arrows between the rooms, and one home for every library (docs/architecture.md), read from the #includes."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Who may include whom; a room always includes itself. src/rollcalld.cc is the main program.
ARROWS = {
    "base": set(),
    "json": {"base"},
    "dns": {"base"},
    "health": {"base", "dns"},
    "registry": {"base", "dns", "health"},
    "store": {"base", "json", "dns", "health", "registry", "consul", "kv"},
    "cluster": {"base", "json", "dns", "health", "registry", "consul", "kv"},  # json: the values of its keys
    "consul": {"base", "json", "dns", "health", "registry"},
    "kv": {"base", "json", "dns", "health", "registry", "consul"},
    "answer": {"base", "dns", "health", "registry", "consul"},  # consul: the names of its services
    "api": {"base", "json", "dns", "health", "registry", "consul", "kv"},
    "net": {"base", "dns", "health", "registry", "consul", "cluster", "answer", "api"},  # cluster: the messages between nodes
    "ops": {"base", "json", "dns", "health", "registry", "consul", "cluster", "answer", "api"},
    "server": {"base", "json", "dns", "health", "registry", "consul", "kv", "store", "cluster", "answer", "api", "net", "ops"},  # puts them together
    "client": {"base", "dns", "rollcall"},
    "rollcall": set(),  # include/rollcall: what users of the client library see
}

# The floors of a room, from the lowest to the highest: a floor may include those before it, never those behind it. "" is
# what lies in the room itself: above its floors, or below them where they stand on it, as the doors of api do.
FLOORS = {
    "registry": ["instance", "events", "ports", "", "work"],
    "api": ["", "native", "consul"],
    "answer": ["zone", "roster", "encode", "consul", "look_up", "transfer", "explain", ""],
    "net": ["sockets", "supervisor", "dns", "http", "checks", "peers", "follow", ""],  # peers, follow: host names are found as for checks
    "cluster": ["", "wire", "roll", "skydns", "kv", "node", "etcd"],  # skydns: records of other programs; etcd: a module of its own, which nothing includes
}
# Floors beside each other: neither may include the other.
APART = [("native", "consul"), ("transfer", "explain"), ("dns", "http"), ("dns", "checks"), ("http", "checks"), ("dns", "peers"), ("http", "peers"), ("dns", "follow"), ("http", "follow"), ("peers", "follow"),
         ("wire", "roll"), ("wire", "skydns"), ("wire", "etcd"), ("roll", "etcd"), ("skydns", "etcd"), ("kv", "etcd"), ("kv", "node")]
UNITS_ON_A_FLOOR_MAX = 16  # more, and a newcomer no longer finds a file by guessing its name

# A library's headers, and where they may be included: rooms, floors, or single files.
HOMES = {
    r"SQLiteCpp/|sqlite3\.h": {"store"},
    r"ldns/": {"dns"},
    r"ares": {"client", "net/checks/host_names.cc"},
    r"boost/asio": {"net", "client/http_client.cc", "client/tls_failure.cc", "client/tls_files.h"},
    r"openssl/": {"dns", "net", "base/digest.cc", "client/http_client.cc", "client/tls_files.cc", "client/tls_failure.h", "client/tls_failure.cc"},  # TSIG; TLS; SHA-256 of tokens, which api checks and ops reads
    r"nghttp2/": {"net/checks/http2_question.cc"},
    r"boost/beast": {"net", "api/gzip.cc", "client/http_client.cc"},
    r"boost/crc": {"api/gzip.cc"},
    r"boost/system": {"client/tls_failure.h", "client/tls_failure.cc", "client/tls_files.cc", "net"},
    r"boost/(json|system)": {"json", "api", "store", "consul/attributes.cc", "kv/loose_object.h", "kv/loose_object.cc", "kv/query_definition.cc", "cluster/roll", "cluster/skydns", "cluster/kv", "registry/instance/patched.cc", "health/check_json.cc", "health/json_values.h", "health/json_values.cc", "health/named_check_json.cc", "health/plan_json.cc", "client/problem.cc",
                               "client/registration_json.cc"},
    r"boost/url": {"api", "base/http_url.cc"},
    r"re2/": {"api/consul/filter/expression.cc"},
    r"spdlog/": {"base/log.cc"},
    r"fmt/": {"*"},
    r"urcu": {"base/rcu.h", "base/rcu.cc"},
    r"toml|CLI/|prometheus/": {"ops"},
    r"grpc|etcd\.(grpc\.)?pb\.h$": {"cluster/etcd"},
}
# The system's own: C and C++ (no slash, no `.h`), POSIX for everyone, and what only the owner of sockets may touch.
STANDARD = re.compile(r"[a-z_0-9]+$")
SYSTEM = re.compile(r"(dlfcn|errno|fcntl|fnmatch|pthread|sched|signal|stddef|stdint|sys/(file|random|resource|stat|syscall|types|wait)|time|unistd)\.h$")
SOCKETS = re.compile(r"(arpa|net|netinet|linux)/.*\.h$|netdb\.h$|poll\.h$|sys/(epoll|eventfd|signalfd|socket|un|uio)\.h$")
SOCKET_HOMES = {"net", "client", "base/ip_address.h", "base/ip_address.cc", "base/private_socket.h", "base/private_socket.cc"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def sources():
    """(room, file, kind, included path) of every #include under src/ and include/."""
    for top in ("src", "include"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in {".h", ".cc"}:
                continue
            file = path.relative_to(ROOT / top)
            room = file.parts[0] if len(file.parts) > 1 else None
            for kind, included in INCLUDE.findall(path.read_text()):
                yield room, file.as_posix(), kind, included


def floor_of(file):
    parts = file.split("/")
    return parts[1] if len(parts) > 2 else ""


class Layers(unittest.TestCase):
    def test_every_directory_of_src_is_a_room(self):
        rooms = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
        self.assertEqual(rooms - ARROWS.keys(), set())

    def test_rollcalld_is_the_only_source_outside_the_rooms(self):
        outside = {path.name for path in (ROOT / "src").iterdir() if path.suffix in {".h", ".cc"}}
        self.assertEqual(outside, {"rollcalld.cc"})

    def test_every_arrow_points_the_way_it_was_drawn(self):
        wrong = []
        for room, file, kind, included in sources():
            if kind == "<" or room is None:
                continue
            if included.partition("/")[0] not in ARROWS[room] | {room}:
                wrong.append(f"{file} includes {included}")
        self.assertEqual(wrong, [])

    def test_every_directory_of_a_room_is_one_of_its_floors(self):
        found = {(path.parent.name, path.name) for path in (ROOT / "src").glob("*/*") if path.is_dir()}
        drawn = {(room, floor) for room, floors in FLOORS.items() for floor in floors if floor}
        self.assertEqual(found, drawn)

    def test_the_arrows_inside_a_room_point_one_way(self):
        wrong = [f"{file} includes {included}" for room, file, kind, included in sources()
                 if kind == '"' and not self.may_include(room, file, included)]
        self.assertEqual(wrong, [])

    def may_include(self, room, file, included):
        if room not in FLOORS or included.partition("/")[0] != room:
            return True
        own, other = floor_of(file), floor_of(included)
        if {own, other} in [set(pair) for pair in APART]:
            return False
        return FLOORS[room].index(other) <= FLOORS[room].index(own)

    def test_headers_of_a_room_include_each_other_without_a_circle(self):
        includes = {}
        for _, file, kind, included in sources():
            if kind == '"' and file.endswith(".h"):
                includes.setdefault(file, []).append(included)
        done, circles = set(), []

        def walk(header, path):
            if header in path:
                circles.append(" -> ".join([*path[path.index(header):], header]))
            elif header not in done:
                for included in includes.get(header, []):
                    walk(included, [*path, header])
                done.add(header)

        for header in list(includes):
            walk(header, [])
        self.assertEqual(circles, [])

    def test_no_floor_of_a_room_with_floors_is_too_full(self):
        units = {}
        for path in (ROOT / "src").rglob("*"):
            if path.suffix in {".h", ".cc"} and path.relative_to(ROOT / "src").parts[0] in FLOORS:
                units.setdefault(path.parent.relative_to(ROOT / "src").as_posix(), set()).add(path.stem)
        full = {floor: len(names) for floor, names in units.items() if len(names) > UNITS_ON_A_FLOOR_MAX}
        self.assertEqual(full, {})

    def test_our_headers_are_included_by_their_room_and_name(self):
        wrong = [f'{file} includes "{included}"' for _, file, kind, included in sources()
                 if kind == '"' and included.partition("/")[0] not in ARROWS]
        self.assertEqual(wrong, [])

    def test_every_library_is_included_in_its_one_home(self):
        wrong = [f"{file} includes <{included}>" for room, file, kind, included in sources()
                 if kind == "<" and not self.is_at_home(room, file, included)]
        self.assertEqual(wrong, [])

    def is_at_home(self, room, file, included):
        if STANDARD.match(included) or SYSTEM.match(included):
            return True
        if SOCKETS.match(included):
            return bool({room, file} & SOCKET_HOMES)
        homes = [homes for pattern, homes in HOMES.items() if re.match(pattern, included)]
        return bool(homes) and bool({room, file.rpartition("/")[0], file, "*"} & homes[0])

    def test_the_template_language_is_included_in_one_place_of_the_command_line(self):
        homes = {path.name for path in (ROOT / "tools/rollcall").iterdir()
                 if any(included.startswith("kainjow/") for _, included in INCLUDE.findall(path.read_text()))}
        self.assertEqual(homes, {"template_names.h", "template_text.cc"})

    def test_the_command_line_stands_on_the_client_library_alone(self):
        tool = ROOT / "tools/rollcall"
        wrong = []
        for path in sorted(tool.glob("*.h")) + sorted(tool.glob("*.cc")):
            for kind, included in INCLUDE.findall(path.read_text()):
                room = included.partition("/")[0]
                ours = {"base", "client", "rollcall", "tools"} | ({"ops"} if included == "ops/version.h" else set())
                if kind == '"' and room not in ours:
                    wrong.append(f"{path.name} includes {included}")
                if kind == "<" and (re.match(r"boost/(asio|beast)|openssl/", included)
                                    or (included.startswith("CLI/") and path.name != "options.cc")):
                    wrong.append(f"{path.name} includes <{included}>")
        self.assertEqual(wrong, [])

    def test_the_readers_of_includes_are_not_blind(self):
        self.assertGreater(sum(1 for _ in sources()), 50)
        self.assertFalse(self.is_at_home("answer", "answer/x.cc", "sqlite3.h"))
        self.assertFalse(self.is_at_home("net", "net/x.cc", "boost/json.hpp"))
        self.assertFalse(self.is_at_home("api", "api/x.cc", "some_new_library/x.h"))
        self.assertFalse(self.is_at_home("cluster", "cluster/x.cc", "grpcpp/grpcpp.h"))
        self.assertFalse(self.may_include("cluster", "cluster/x.cc", "cluster/etcd/etcd_engine.h"))
        self.assertFalse(self.may_include("answer", "answer/zone/x.cc", "answer/roster/roster.h"))
        self.assertFalse(self.may_include("answer", "answer/explain/x.cc", "answer/responder.h"))
        self.assertFalse(self.may_include("net", "net/http/x.cc", "net/dns/session.h"))
        self.assertTrue(self.may_include("answer", "answer/responder.cc", "answer/zone/zones.h"))


if __name__ == "__main__":
    unittest.main()
