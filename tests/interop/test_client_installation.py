"""The client library as its users meet it: installed elsewhere, found by CMake and by pkg-config, linked, run."""

import os
import pathlib
import re
import unittest

from tests.support.case import Case
from tests.support.processes import REPOSITORY, environment, need_program, run
from tests.support.rollcall import BINARY

BUILD = BINARY.parents[1]
EXAMPLES = REPOSITORY / "examples"


class Installation(Case):
    def setUp(self):
        if not (BUILD / "cmake_install.cmake").exists() or not list(BUILD.glob("librollcall.so*")):
            raise unittest.SkipTest("the client library has not been built")
        self.prefix = self.directory / "prefix"
        self.expect(need_program("cmake"), "--install", BUILD, "--component", "client", "--prefix", self.prefix)
        self.library = next(self.prefix.rglob("librollcall.so")).parent

    def expect(self, *command, **changes):
        done = run(command, timeout=300, env=environment(**changes))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def run_against_a_server(self, program):
        name = pathlib.Path(program).name  # one server for each program, with a database and an output of its own
        server = self.server(name=f"rollcalld-{name}", database=self.directory / f"{name}.db")
        self.api_of(server).expect_registered("web", "i-1", "192.0.2.1", 8080)
        return self.expect(program, "web", ROLLCALL_DNS=f"127.0.0.1:{server.dns_port}",
                           LD_LIBRARY_PATH=str(self.library))

    def test_what_is_installed(self):
        files = {path.relative_to(self.prefix).as_posix() for path in self.prefix.rglob("*") if path.is_file()}
        headers = {f"include/rollcall/{path.name}" for path in (REPOSITORY / "include/rollcall").glob("*.h")}
        self.assertLessEqual(headers, files)
        others = {re.sub(r"^lib/[a-z0-9_]+-linux-gnu/", "lib/", name) for name in files - headers}
        names = {pathlib.PurePath(name).name for name in others}
        self.assertLessEqual({"rollcallConfig.cmake", "rollcallConfigVersion.cmake", "rollcall.pc"}, names)
        self.assertFalse([name for name in others if not name.startswith("lib/")])

    def test_cmake_finds_it(self):
        build = self.directory / "build"
        self.expect("cmake", "-S", EXAMPLES, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.expect("cmake", "--build", build, "--target", "example_resolve")
        self.assertIn("192.0.2.1:8080", self.run_against_a_server(build / "example_resolve"))

    def test_pkg_config_finds_it_for_cxx20_and_c(self):
        pkg_config = need_program("pkg-config")
        path = str(self.library / "pkgconfig")
        flags = self.expect(pkg_config, "--cflags", "--libs", "rollcall", PKG_CONFIG_PATH=path).split()
        cxx, c = self.directory / "resolve", self.directory / "pick"
        self.expect("g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", EXAMPLES / "resolve.cc", "-o", cxx, *flags)
        self.expect("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", EXAMPLES / "pick.c", "-o", c, *flags)
        self.assertIn("192.0.2.1:8080", self.run_against_a_server(cxx))
        self.assertIn("192.0.2.1 8080", self.run_against_a_server(c))

    def test_every_header_stands_alone_on_the_standard_library(self):
        for header in sorted((self.prefix / "include/rollcall").glob("*.h")):
            for standard in ("c++20", "c++23"):
                with self.subTest(header=header.name, standard=standard):
                    source = self.directory / "alone.cc"
                    source.write_text(f'#include "rollcall/{header.name}"\n')
                    self.expect("g++", f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-nostdinc++",
                                *self.standard_headers(), f"-I{self.prefix / 'include'}", "-fsyntax-only", source)
            included = set(re.findall(r"#include [<\"]([^>\"]+)", header.read_text()))
            strangers = {name for name in included if not name.startswith("rollcall/") and "/" in name}
            self.assertEqual(strangers, set(), header.name)

    def standard_headers(self):
        """-isystem for libstdc++ alone: no other library's headers come with it."""
        listed = run(["g++", "-xc++", "-E", "-v", os.devnull]).stderr
        return [f"-isystem{line.strip()}" for line in listed.splitlines() if re.match(r" /.*c\+\+", line)]

    def test_it_shows_nothing_but_its_interface(self):
        symbols = self.expect(need_program("nm"), "-DC", "--defined-only", self.library / "librollcall.so")
        shown = [line.split(maxsplit=2)[2] for line in symbols.splitlines() if len(line.split(maxsplit=2)) == 3]
        ours = re.compile(r"(typeinfo (for|name for) |vtable for )?(rollcall::|rollcall_)")
        self.assertIn("rollcall_pick", shown)
        self.assertEqual([name for name in shown if not ours.match(name)], [])
        inside = [name for name in shown if re.match(r"rollcall::(client|dns|limits|rcu|detail)::", name)]
        self.assertEqual(inside, [])

    def test_it_needs_no_library_that_only_the_server_does(self):
        needed = self.expect(need_program("readelf"), "-d", self.library / "librollcall.so")
        for library in ("sqlite", "ldns", "urcu", "spdlog", "prometheus"):
            self.assertNotIn(library, needed)


if __name__ == "__main__":
    unittest.main()
