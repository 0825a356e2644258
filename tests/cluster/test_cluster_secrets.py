"""Who may take part: TLS between the nodes and to etcd, users of etcd, and the secret that nodes share."""

import socket
import ssl

from tests.cluster.case import ClusterCase
from tests.cluster.nodes import PEERS_PORT
from tests.support import certificates

ADDRESSES = [f"10.77.0.{number}" for number in range(1, 8)]
OF_CLUSTER = """\
[cluster.etcd_tls]
ca = "{ca}"
certificate = "{certificate}"
key = "{key}"
[cluster.tls]
ca = "{ca}"
certificate = "{certificate}"
key = "{key}"
"""


class SecretsTest(ClusterCase):
    def certificate(self, authority, name, *more):
        alternatives = ",".join([*(f"DNS:{each}" for each in (name, *more)), *(f"IP:{address}" for address in ADDRESSES)])
        return certificates.sign(self.directory, authority, name, f"subjectAltName={alternatives}")

    def assert_works(self, world):
        n1, n2, n3 = world.nodes.values()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
        self.assertEqual({200}, set(self.keep_beating(n3, "web", "i-1", 4)))
        for node in (n1, n2, n3):
            self.eventually_equal({"192.0.2.1"}, lambda: self.addresses(node, "web"), timeout=2)

    def test_over_tls_a_cluster_works_and_strangers_are_refused(self):
        authority = certificates.make_authority(self.directory, "authority")
        certificate, key = self.certificate(authority, "node", "n1", "n2", "n3")
        server, server_key = self.certificate(authority, "etcd")
        world = self.world(
            scheme="https", secret="", of_cluster=OF_CLUSTER.format(ca=authority[0], certificate=certificate, key=key),
            etcd_options=[f"--cert-file={server}", f"--key-file={server_key}", "--client-cert-auth", f"--trusted-ca-file={authority[0]}"],
            ctl_options=[f"--cacert={authority[0]}", f"--cert={certificate}", f"--key={key}"]).start()
        self.assert_works(world)
        other = certificates.make_authority(self.directory, "other")
        stranger = self.certificate(other, "stranger")
        address = world.nodes["n2"].address
        self.assertTrue(self.is_let_in(address, authority[0], (certificate, key)))
        self.assertFalse(self.is_let_in(address, authority[0], stranger))
        self.assertFalse(self.is_let_in(address, authority[0], None))

    @staticmethod
    def is_let_in(address, authority, own):
        """Whether the port of the nodes keeps a connection of this certificate open."""
        context = ssl.create_default_context(cafile=authority)
        if own:
            context.load_cert_chain(*own)
        try:
            with socket.create_connection((address, PEERS_PORT), timeout=3) as tcp, \
                    context.wrap_socket(tcp, server_hostname=address) as tls:
                tls.settimeout(1)
                return tls.recv(1) != b""  # TLS 1.3 tells of a refused certificate with the first octet
        except TimeoutError:
            return True
        except (ssl.SSLError, OSError):
            return False

    def test_with_users_of_etcd_a_cluster_works_also_when_its_tokens_are_void(self):
        world = self.world(of_cluster=f'user = "rollcall"\npassword_file = "{self.directory / "password"}"\n')
        (self.directory / "password").write_text("secret\n")
        (self.directory / "password").chmod(0o600)
        etcd = world.etcd
        etcd.start().wait_until_ready()
        for words in (("user", "add", "root:root"), ("user", "grant-role", "root", "root"), ("user", "add", "rollcall:secret"),
                      ("role", "add", "roll"), ("role", "grant-permission", "roll", "readwrite", "--prefix=true", "/rollcall/test/"),
                      ("user", "grant-role", "rollcall", "roll")):
            etcd.ctl(*words, check=False)
        etcd.ctl("auth", "enable")
        etcd.ctl_options = ["--user=root:root"]
        first, *others = world.nodes.values()
        first.start("--promote")
        for node in others:
            node.start()
        self.assert_works(world)
        # Simple tokens live in a member's memory: those of a member that was started anew are void.
        for member in etcd.members:
            etcd.kill(member)
            etcd.start(member)
            etcd.wait_until_ready()
        self.eventually(lambda: self.keep_beating(first, "web", "i-1", 0.1) == [200] or
                        self.api_of(first).register("web", "i-1", "192.0.2.1", ttl="3s").status in (200, 201), "it goes on", 30)
        self.assert_works(world)

    def test_a_node_with_another_key_does_not_take_part_and_disturbs_nobody(self):
        world = self.world()
        n1, n2, n3 = world.nodes.values()
        other = self.directory / "other.key"
        other.write_text("00" * 32 + "\n")
        other.chmod(0o600)
        n3.settings.write_text(n3.settings.read_text().replace(str(n3.key), str(other)))
        world.etcd.start().wait_until_ready()
        n1.start("--promote")
        n2.start()
        self.api_of(n1).expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
        n3.launch()
        self.assertEqual({200}, set(self.keep_beating(n2, "web", "i-1", 8)))
        self.assertFalse(n3.is_running() and n3.is_ready(), "it is no member")
        self.assertTrue(n1.is_ready() and n2.is_ready())
