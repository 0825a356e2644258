"""Namespaces, which need root; a test that cannot have them is skipped, and says why.

Mounts   for programs that can only be told about a name server by /etc/resolv.conf. That cannot name a port, so the server
         listens on port 53 of a loopback address of its own.
Network  for programs that want servers on port 53 of addresses that are not loopback.
"""

import ctypes
import os
import socket
import unittest

from tests.support.processes import need_program, run

CLONE_NEWNET = 0x40000000
MOUNT_AND_EXEC = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'


def free_address_for_port_53():
    """A loopback address whose port 53 is free."""
    for last in range(1, 250):
        address = f"127.53.{os.getpid() % 250}.{last}"
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tcp.bind((address, 53))
                udp.bind((address, 53))
                return address
        except PermissionError:
            raise unittest.SkipTest("port 53 may not be bound: not root") from None
        except OSError:
            continue
    raise unittest.SkipTest("port 53 of every loopback address is taken")


def need_mount_namespaces():
    need_program("unshare")
    attempt = run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
    if attempt.returncode != 0:
        raise unittest.SkipTest(f"no mount namespace: {attempt.stderr.strip()}")


def resolving_through(address, directory):
    """The words to put in front of a command, so that the system's resolver asks `address` and nobody else."""
    need_mount_namespaces()
    resolv = directory / "resolv.conf"
    resolv.write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
    nsswitch = directory / "nsswitch.conf"
    nsswitch.write_text("passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n")
    return ["unshare", "--mount", "sh", "-c", MOUNT_AND_EXEC, "sh", resolv, nsswitch]


def enter_own_network(case, addresses):
    """This thread, and what it starts, has a network of its own until the test ends: loopback with these addresses."""
    need_program("ip")
    libc = ctypes.CDLL(None, use_errno=True)
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if libc.unshare(CLONE_NEWNET) != 0:
        os.close(outside)
        raise unittest.SkipTest(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    case.addCleanup(os.close, outside)
    case.addCleanup(libc.setns, outside, CLONE_NEWNET)
    for words in (["link", "set", "lo", "up"], *(["address", "add", each, "dev", "lo"] for each in addresses)):
        done = run(["ip", *words])
        assert done.returncode == 0, done.stderr
