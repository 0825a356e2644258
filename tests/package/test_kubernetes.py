"""The manifests of packaging/kubernetes: a validator with Kubernetes' own schemas accepts them, their settings and arguments are those of
rollcalld, and names, ports and paths in them agree with each other and with the server."""

import json
import os
import re
import shlex
import sys
import unittest

from tests.interop.consul_facts import fetched
from tests.support.case import Case
from tests.support.cli import ROLLCALL
from tests.support.processes import REPOSITORY, environment, free_port, need_program, run
from tests.support.rollcall import BINARY, need_binary

MANIFESTS = REPOSITORY / "packaging/kubernetes"
VALIDATOR = "kubernetes-validate==1.37.0"
VERSIONS = ["1.30", "1.37"]  # the oldest that has everything the manifests use, and the newest that it knows
TOKEN = "correct-horse-battery"
KEY = "5f0b1d9cf3f5b3e6a9b2747f0e4fd2b3a1c8d7e6f5041322b3c4d5e6f7081929"


def documents(name):
    try:
        import yaml
    except ImportError:
        raise unittest.SkipTest("python3-yaml is not installed") from None
    return list(yaml.safe_load_all((MANIFESTS / name).read_text()))


def one(kind, name, named=None):
    found = [each for each in documents(name) if each["kind"] == kind and named in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{name} has {len(found)} of {kind} {named or ''}"
    return found[0]


def container(pod):
    assert len(pod["spec"]["containers"]) == 1
    return pod["spec"]["containers"][0]


def pods():
    """(file, pod) of every manifest that makes some."""
    for name in ("single.yaml", "cluster.yaml"):
        yield name, one("StatefulSet", name)["spec"]["template"]
    yield "promote.yaml", one("Pod", "promote.yaml")


class Schemas(Case):
    def test_the_schemas_of_kubernetes_accept_them(self):
        packages = fetched(f"python/{VALIDATOR}", lambda into: [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "10",
            "--target", into, VALIDATOR], env=dict(os.environ))
        files = sorted(MANIFESTS.glob("*.yaml"))
        self.assertGreaterEqual(len(files), 5)
        for version in VERSIONS:
            done = run([sys.executable, "-B", "-m", "kubernetes_validate", "--strict", "-k", version, *files], timeout=120,
                       env=environment(PYTHONPATH=str(packages)))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            for file in files:
                self.assertIn(f"{file.name} passed", done.stdout + done.stderr)


class Agreement(unittest.TestCase):
    def test_services_lead_to_ports_and_pods_that_are_there(self):
        for name, pod in list(pods())[:2]:
            labels = pod["metadata"]["labels"]
            ports = {(port["name"], port["protocol"]) for port in container(pod)["ports"]}
            services = [each for each in documents(name) if each["kind"] == "Service"]
            self.assertEqual({"rollcall", "rollcall-dns", "rollcall-nodes"}, {each["metadata"]["name"] for each in services})
            for service in services:
                self.assertEqual(service["spec"]["selector"], labels)
                for port in service["spec"]["ports"]:
                    self.assertIn((port["targetPort"], port["protocol"]), ports)
            dns = one("Service", name, "rollcall-dns")["spec"]["ports"]
            self.assertEqual({(53, "UDP"), (53, "TCP")}, {(port["port"], port["protocol"]) for port in dns})
            stateful = one("StatefulSet", name)["spec"]
            self.assertEqual(labels, stateful["selector"]["matchLabels"])
            self.assertEqual("None", one("Service", name, stateful["serviceName"])["spec"]["clusterIP"])
        self.assertEqual(labels, one("PodDisruptionBudget", "cluster.yaml")["spec"]["selector"]["matchLabels"])
        promote = one("Pod", "promote.yaml")["metadata"]["labels"]
        self.assertNotEqual(labels, promote)  # no Service sends anybody there

    def test_what_is_mounted_is_there_and_the_rest_cannot_be_written(self):
        for name, pod in pods():
            volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
            if name != "promote.yaml":
                volumes |= {claim["metadata"]["name"] for claim in one("StatefulSet", name)["spec"]["volumeClaimTemplates"]}
            mounts = {mount["name"]: mount["mountPath"] for mount in container(pod)["volumeMounts"]}
            self.assertEqual(volumes, set(mounts))
            self.assertEqual("/var/lib/rollcall", mounts["state"])
            self.assertTrue(pod["spec"]["securityContext"]["runAsNonRoot"])
            security = container(pod)["securityContext"]
            self.assertEqual((True, False, ["ALL"]), (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"],
                                                      security["capabilities"]["drop"]))


class Run(Case):
    """With the settings and arguments as they stand; what names other places is replaced."""

    def setUp(self):
        need_binary()

    def prepare(self, name, secret=None):
        """The settings' file and the environment of a container."""
        text = one("ConfigMap", name)["data"]["rollcall.toml"]
        self.assertEqual(set(re.findall(r'"credential:([\w.]+)"', text)) - {"cluster.key"}, {"deploy"})
        held = self.directory / "credentials"
        held.mkdir(exist_ok=True)
        secrets = secret or {"deploy": self.hash_of(TOKEN), "cluster.key": KEY}
        for key, value in secrets.items():
            (held / key).write_text(value)
            (held / key).chmod(0o600)
        text = text.replace("/etc/rollcall/zones/", f"{REPOSITORY}/zones/").replace("/var/lib/rollcall/", f"{self.directory}/")
        return self.settings_file(text), f"CREDENTIALS_DIRECTORY={held}"

    def hash_of(self, token):
        """By the commands of docs/kubernetes.md."""
        done = run(["bash", "-c", f"printf %s {shlex.quote(token)} | {BINARY} --hash-token | cut -d'\"' -f2"])
        self.assertRegex(done.stdout, r"^sha256:[0-9a-f]{64}\n$")
        return done.stdout

    def arguments(self, pod, settings):
        words = container(pod)["args"]
        self.assertIn("/settings/rollcall.toml", words)
        return [str(settings) if word == "/settings/rollcall.toml" else word for word in words]

    def test_rollcalld_accepts_settings_and_arguments(self):
        for name, pod in pods():
            with self.subTest(name):
                settings, held = self.prepare("cluster.yaml" if name == "promote.yaml" else name)
                done = run(["env", held, BINARY, *self.arguments(pod, settings), "--check"], cwd=self.directory)
                self.assertEqual((0, "settings and zones are good\n"), (done.returncode, done.stdout), done.stderr)

    def test_the_examples_of_secrets_are_refused(self):
        settings, held = self.prepare("single.yaml", one("Secret", "secret.yaml")["stringData"])
        done = run(["env", held, BINARY, "--config", settings, "--check"], cwd=self.directory)
        self.assertEqual(1, done.returncode)
        self.assertIn("hash", done.stderr)

    def test_the_probes_ask_what_the_server_answers(self):
        pod = one("StatefulSet", "single.yaml")["spec"]["template"]
        settings, held = self.prepare("single.yaml")
        settings.write_text(re.sub(r"(?m)^listen.*$", "", settings.read_text()))  # the harness has ports of its own
        server = self.server("--config", settings, wrapper=["env", held])
        api = self.api_of(server)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertEqual(200, api.call("GET", container(pod)[probe]["httpGet"]["path"]).status)
        self.assertEqual(401, api.call("GET", "/v1/services").status)
        ports = {port["name"]: port["containerPort"] for port in container(pod)["ports"]}
        text = one("ConfigMap", "single.yaml")["data"]["rollcall.toml"]
        for name, key in (("dns", "dns"), ("dns-tcp", "dns"), ("http", "http")):
            self.assertRegex(text, rf'\[{key}\]\nlisten = \["0\.0\.0\.0:{ports[name]}"\]')
        self.assertEqual(8601, {port["name"]: port["containerPort"] for port in container(
            one("StatefulSet", "cluster.yaml")["spec"]["template"])["ports"]}["peers"])

    def test_hooks_of_a_pod_register_and_deregister_it(self):
        import yaml
        text = (REPOSITORY / "docs/kubernetes.md").read_text()
        hooks = yaml.safe_load(re.search(r"```yaml\n(lifecycle:.*?)```", text, re.S)[1])["lifecycle"]
        settings, held = self.prepare("single.yaml")
        settings.write_text(re.sub(r"(?m)^listen.*$", "", settings.read_text()) + "no_lease = true\n")
        server = self.server("--config", settings, wrapper=["env", held])
        env = environment(ROLLCALL_HTTP=f"http://127.0.0.1:{server.http_port}", ROLLCALL_TOKEN=TOKEN, HOSTNAME="web-7d4b", POD_IP="192.0.2.9")
        found = ["curl", "-sS", "-H", f"Authorization: Bearer {TOKEN}", f"{env['ROLLCALL_HTTP']}/v1/services/web/instances/web-7d4b"]
        self.assertEqual(0, run(hooks["postStart"]["exec"]["command"], env=env).returncode)
        instance = json.loads(run(found).stdout)
        self.assertEqual((["192.0.2.9"], None, "critical"), (instance["addresses"], instance["ttl_ms"], instance["status"]))
        self.assertEqual(0, run(hooks["preStop"]["exec"]["command"], env=env).returncode)
        self.assertEqual(404, json.loads(run(found).stdout)["status"])
        self.assertEqual(0, run([ROLLCALL, "--http", env["ROLLCALL_HTTP"], "--token", TOKEN, "nodes"]).returncode)

    def etcd(self):
        """One that keeps nothing; its URL."""
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.start("etcd", [need_program("etcd"), "--name", "e1", "--data-dir", self.directory / "etcd", "--unsafe-no-fsync",
                            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"e1={peer}"])
        self.eventually(lambda: run(["curl", "-sf", f"{client}/health"]).returncode == 0, "etcd answers", timeout=30)
        return client

    def test_a_cluster_is_made_by_one_pod_and_goes_on_with_the_others(self):
        if not BINARY.with_name("librollcall_etcd.so").exists():
            self.skipTest("librollcall_etcd.so has not been built")
        settings, held = self.prepare("cluster.yaml")
        text = re.sub(r"(?m)^listen.*$", "", settings.read_text())
        etcd = self.etcd()

        def node(name, *more):
            own = text.replace("http://etcd.etcd.svc.cluster.local:2379", etcd).replace(":8601", f":{free_port()}")
            own = own.replace('[cluster]\n', f'[cluster]\nnode = "{name}"\n')  # else that of the host: of the pod
            self.assertIn(f'node = "{name}"', own)
            return self.make_server("--config", self.settings_file(own, f"{name}.toml"), *more, name=name, wrapper=["env", held],
                                    database=self.directory / f"{name}.db")
        early = node("rollcall-0")
        refused = run(early.command(), cwd=self.directory)
        self.assertEqual(1, refused.returncode, refused.stderr)  # and is started again, by Kubernetes
        self.assertIn("--promote", refused.stderr)
        promoting = one("Pod", "promote.yaml")
        self.assertEqual("--promote", container(promoting)["args"][-1])
        first = node("rollcall-promote", "--promote").start()
        self.assertEqual(0, first.stop())
        nodes = [early.start(), node("rollcall-1").start()]
        heartbeat = json.dumps({"service": "web", "id": "a", "address": "192.0.2.1", "port": 80, "ttl": "1h"})
        done = run(["curl", "-sS", "--fail-with-body", "-H", f"Authorization: Bearer {TOKEN}", "-d", heartbeat,
                    f"http://127.0.0.1:{nodes[0].http_port}/v1/heartbeat"])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.eventually_equal({"192.0.2.1"}, lambda: nodes[1].dns().addresses("web.svc.internal"))


if __name__ == "__main__":
    unittest.main()
