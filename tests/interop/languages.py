"""Builds the small programs that ask through the resolvers of Go and Java; build/interop keeps what is slow to build."""

import os

from tests.support.processes import REPOSITORY, environment, need_program, run

PROGRAMS = REPOSITORY / "tests/interop/programs"
CACHE = REPOSITORY / "build/interop"
BUILD_TIMEOUT = 240


def build_go():
    """The path of the program: `resolve SERVER host|srv|txt NAME`, an empty SERVER for the system's."""
    go = need_program("go")
    CACHE.mkdir(parents=True, exist_ok=True)
    binary = CACHE / f"resolve-{os.getpid()}"
    offline = environment(GOCACHE=str(CACHE / "go"), GOPATH=str(CACHE / "gopath"), GO111MODULE="off",
                          GOPROXY="off", GOTOOLCHAIN="local", GOFLAGS="", CGO_ENABLED="0")
    result = run([go, "build", "-o", binary, PROGRAMS / "resolve.go"], timeout=BUILD_TIMEOUT, env=offline)
    assert result.returncode == 0, result.stderr
    final = CACHE / "resolve"
    os.replace(binary, final)
    return final


def build_java(directory):
    """The words that run the program, with the same arguments as Go's."""
    java, javac = need_program("java"), need_program("javac")
    result = run([javac, "-d", directory, PROGRAMS / "Resolve.java"], timeout=BUILD_TIMEOUT)
    assert result.returncode == 0, result.stderr
    return [java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", directory, "Resolve"]


def run_node():
    return [need_program("node"), PROGRAMS / "resolve.js"]
