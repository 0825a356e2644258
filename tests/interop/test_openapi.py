"""/v1/openapi.json against the running server: openapi-spec-validator reads the document, and schemathesis asks for everything that it
says, rightly and wrongly, with all its checks. Both are of PyPI; where it does not answer, the test is skipped and says so."""

import copy
import http.client
import json
import os
import sys

from tests.interop.consul_facts import fetched, proxies
from tests.interop.languages import PROGRAMS
from tests.interop.test_access import token_table
from tests.support.case import Case
from tests.support.processes import environment, run

ADMIN = "admin-of-openapi-0123456789"
PACKAGES = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0"]
RUN_TIMEOUT = 900
EXAMPLES = os.environ.get("ROLLCALL_SCHEMATHESIS_EXAMPLES", "8")  # of each operation, in each phase
# positive_data_acceptance runs inside a check of schemathesis_hooks.py, which says what JSON Schema cannot say.
REPLACED_CHECKS = "positive_data_acceptance"


def python_with_schemathesis():
    """The interpreter of a virtual environment of its own below build/interop. It has moved, so its scripts do not run."""
    def install(into):
        script = '"$1" -m venv env && env/bin/pip install -q --disable-pip-version-check --retries 1 --timeout 10 "${@:2}"'
        return ["bash", "-c", script, "_", sys.executable, *PACKAGES]
    return fetched("python/schemathesis", install, env=environment(**proxies())) / "env/bin/python"


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def narrowed(document):
    """The document for a run that ends: no stream, the zone of this server. Answers may have no member that is not described, which
    clients must not ask for. HEAD is left out: a unit test says that it is answered as GET is."""
    document = copy.deepcopy(document)
    del document["paths"]["/v1/watch"]  # it does not end: test_a_stream_answers_as_the_document_says
    for item in document["paths"].values():
        item.pop("head", None)
    schemas = document["components"]["schemas"]
    schemas["ZoneName"] = {"type": "string", "enum": ["svc.internal"]}
    for name, schema in schemas.items():
        if name not in ("Document", "Nothing"):
            close(schema)
    return document


def close(schema):
    if isinstance(schema, list):
        for each in schema:
            close(each)
    elif isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            close(each)


class OpenApiTest(Case):
    def setUp(self):
        settings = self.settings_file(token_table("admin", ADMIN, 'allow = "admin"\n'))
        self.rollcalld = self.server("--config", settings)

    def ask(self, method, path, body=None, token=ADMIN, headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.rollcalld.http_port, timeout=timeout)
        self.addCleanup(connection.close)
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, {**fields, **(headers or {})})
        return connection.getresponse()

    def document(self):
        response = self.ask("GET", "/v1/openapi.json")
        self.assertEqual((200, "application/json"), (response.status, response.headers["Content-Type"]))
        return json.loads(response.read())

    def test_the_document_is_valid(self):
        path = self.directory / "openapi.json"
        path.write_bytes(self.ask("GET", "/v1/openapi.json").read())
        result = run([python_with_schemathesis(), "-m", "openapi_spec_validator", path], timeout=120)
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)

    def test_schemathesis_finds_nothing(self):
        python = python_with_schemathesis()
        path = self.directory / "openapi.json"
        path.write_text(json.dumps(narrowed(self.document())))
        for id in ("web-1", "web-2"):  # what the examples of the document name
            body = {"service": "web", "id": id, "address": "192.0.2.10", "port": 8080, "ttl": "24h"}
            self.assertEqual(201, self.ask("POST", "/v1/heartbeat", body).status)
        result = run([python, "-m", "schemathesis.cli", "--no-color", "run", path, "--url", f"http://127.0.0.1:{self.rollcalld.http_port}",
                      "-H", f"Authorization: Bearer {ADMIN}", "--checks", "all", "--exclude-checks", REPLACED_CHECKS,
                      "--max-examples", EXAMPLES, "--seed", "1", "--generation-database", "none", "--suppress-health-check", "all",
                      "--request-timeout", "20"],
                     timeout=RUN_TIMEOUT, cwd=self.directory,
                     env=environment(SCHEMATHESIS_HOOKS=str(PROGRAMS / "schemathesis_hooks.py"), PYTHONDONTWRITEBYTECODE="1",
                                     HOME=str(self.directory), COLUMNS="200"))
        if keep := os.environ.get("ROLLCALL_SCHEMATHESIS_LOG"):
            with open(keep, "w", encoding="utf-8") as log:
                log.write(result.stdout + result.stderr)
        self.assertEqual(0, result.returncode, result.stdout[-20_000:] + result.stderr[-2_000:])

    def test_a_stream_answers_as_the_document_says(self):
        operation = self.document()["paths"]["/v1/watch"]["get"]
        self.assertEqual({"zone", "service", "last_event_id", "Last-Event-ID"},
                         {parameter["name"] for parameter in operation["parameters"]})
        asked = [("", {}, 200), ("?service=web&zone=svc.internal&last_event_id=0", {}, 200), ("", {"Last-Event-ID": "0"}, 200),
                 ("?service=-", {}, 400), ("?zone=nowhere.test", {}, 404), ("?last_event_id=x", {}, 400), ("?tag=blue", {}, 400),
                 ("", {"Last-Event-ID": "x"}, 400)]
        for query, headers, status in asked:
            with self.subTest(query=query, headers=headers):
                response = self.ask("GET", "/v1/watch" + query, headers=headers)
                self.assertEqual(status, response.status)
                if status == 200:
                    self.assertEqual(list(operation["responses"]["200"]["content"]), [response.headers["Content-Type"]])
                else:
                    self.assertIn(str(status), operation["responses"])
        self.assertEqual(401, self.ask("GET", "/v1/watch", token=None).status)

    def test_what_needs_no_credentials_says_so(self):
        for path, method, operation in operations(self.document()):
            if method == "get" and "{" not in path:
                with self.subTest(path):
                    status = self.ask("GET", path, token=None).status
                    self.assertEqual(operation["security"] != [], status == 401)
