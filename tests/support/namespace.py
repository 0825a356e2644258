"""Programs that can only be told about a name server by /etc/resolv.conf: run in a mount namespace that has its own.

resolv.conf cannot name a port, so the server listens on port 53 of a loopback address of its own. That needs root; a
test that cannot have it is skipped, and says why.
"""

import os
import socket
import unittest

from tests.support.processes import need_program, run

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
