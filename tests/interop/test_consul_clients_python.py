"""Python's clients of Consul at our door, as their users have them: python-consul and py-consul of PyPI, and Debian's
python3-consul, which beats and deregisters with GET."""

import os
import socket
import sys
import unittest

from tests.interop.consul_facts import FACTS, ConsulClientCase, fetched, program
from tests.support.processes import environment, run

# These clients answer False where others raise the status.
FACTS_OF_PYTHON = {**FACTS, "a beat for nobody": False, "end of nobody": False, "left alone": [["critical"], 1, 0],
                   "revived": [True, True]}
DEBIANS = "/usr/lib/python3/dist-packages/consul"


class PythonTest(ConsulClientCase):
    def python_with(self, package):
        """The environment in which `import consul` is this package of PyPI; requests is Debian's."""
        directory = fetched(f"python/{package}", lambda into: [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
            "--timeout", "10", "--no-deps", "--target", into, package], env=dict(os.environ))
        need_requests()
        return environment(PYTHONPATH=str(directory))

    def check_tutorial(self, env):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        where = self.serve()
        for _ in range(2):  # registered again, it is still one
            result = run([sys.executable, "-B", program("consul_tutorial.py"), *where, str(port)], env=env)
            self.assertEqual((0, f"1 test1 127.0.0.1 {port}\n"), (result.returncode, result.stdout), result.stderr)
        self.eventually_equal({"127.0.0.1"}, lambda: self.rollcalld.dns().addresses("test1.service.consul"), timeout=30)
        self.assertEqual({"127.0.0.1"}, self.rollcalld.dns().addresses("test1.svc.internal"))

    def check_program(self, env):
        self.check_facts([sys.executable, "-B", program("consul_client.py")], env, FACTS_OF_PYTHON)

    def test_python_consul(self):
        self.check_program(self.python_with("python-consul==1.1.0"))

    def test_py_consul(self):
        self.check_program(self.python_with("py-consul==1.8.0"))

    def test_debians_python3_consul(self):
        need_debians()
        self.check_program(environment())

    def test_the_tutorial_of_python_consul(self):
        self.check_tutorial(self.python_with("python-consul==1.1.0"))

    def test_the_tutorial_of_py_consul(self):
        self.check_tutorial(self.python_with("py-consul==1.8.0"))

    def test_the_tutorial_of_debians_python3_consul(self):
        need_debians()
        self.check_tutorial(environment())


def need_debians():
    if not os.path.isdir(DEBIANS):
        raise unittest.SkipTest("python3-consul is not installed")


def need_requests():
    try:
        import requests  # noqa: F401
        import six  # noqa: F401
    except ImportError as missing:
        raise unittest.SkipTest(f"{missing.name} is not installed") from None
