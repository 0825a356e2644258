"""The arrows between the rooms, and one home for every library (docs/architecture.md), read from the #includes."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Who may include whom; a room always includes itself. src/rollcalld.cc introduces the rooms and includes all of them.
ARROWS = {
    "base": set(),
    "dns": {"base"},
    "registry": {"base", "dns"},
    "store": {"base", "dns", "registry"},
    "answer": {"base", "dns", "registry"},
    "api": {"base", "dns", "registry"},
    "net": {"base", "dns", "registry", "answer", "api"},
    "ops": {"base", "dns", "registry", "answer", "api"},
    "client": {"base", "dns", "rollcall"},
    "rollcall": set(),  # include/rollcall: what users of the client library see
}

# A library's headers, and where they may be included: rooms, or single files.
HOMES = {
    r"SQLiteCpp/|sqlite3\.h": {"store"},
    r"ldns/": {"dns"},
    r"ares": {"client", "net/host_names.cc"},
    r"boost/asio": {"net", "client/http_client.cc"},
    r"openssl/": {"dns", "net", "base/digest.cc", "client/http_client.cc"},  # TSIG; TLS; SHA-256 of tokens, which api checks and ops reads
    r"boost/beast": {"net", "api", "client/http_client.cc"},
    r"boost/(json|system)": {"api", "store", "registry/check_json.cc", "registry/health_json.cc", "client/problem.cc",
                               "client/registration_json.cc"},
    r"boost/url": {"api", "client/base_url.cc"},
    r"spdlog/": {"base/log.cc"},
    r"fmt/": {"*"},
    r"urcu": {"base/rcu.h", "base/rcu.cc"},
    r"toml|CLI/|prometheus/": {"ops"},
}
# The system's own: C and C++ (no slash, no `.h`), POSIX for everyone, and what only the owner of sockets may touch.
STANDARD = re.compile(r"[a-z_0-9]+$")
SYSTEM = re.compile(r"(errno|fcntl|fnmatch|pthread|sched|signal|stddef|stdint|sys/(file|random|resource|stat|syscall|types)|time|unistd)\.h$")
SOCKETS = re.compile(r"(arpa|net|netinet|linux)/.*\.h$|netdb\.h$|poll\.h$|sys/(epoll|eventfd|signalfd|socket|un|uio)\.h$")
SOCKET_HOMES = {"net", "client", "base/ip_address.h", "base/ip_address.cc"}

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
        return bool(homes) and bool({room, file, "*"} & homes[0])

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


if __name__ == "__main__":
    unittest.main()
