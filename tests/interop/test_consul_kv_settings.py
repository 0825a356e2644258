"""What the settings and the tokens change about keys and sessions (docs/consul-kv.md)."""

import time

from tests.interop.test_access import token_table
from tests.interop.test_consul_kv import index_of
from tests.support.case import Case


class SettingsTest(Case):
    def test_without_keys_reads_find_nothing_and_wait_and_writes_say_why(self):
        api = self.api_of(self.server("--config", self.settings_file("[consul]\nkv = false\n")))
        answer = api.call("GET", "/v1/kv/fabio/config?recurse=")
        self.assertEqual((404, 1), (answer.status, index_of(answer)))
        start = time.monotonic()
        answer = api.call("GET", "/v1/kv/fabio/config?recurse=&index=1&wait=500ms")
        self.assertEqual((404, 1), (answer.status, index_of(answer)))
        self.assertGreater(time.monotonic() - start, 0.45)
        for method, path, body in [("PUT", "/v1/kv/a", b"1"), ("DELETE", "/v1/kv/a", None),
                                   ("PUT", "/v1/session/create", None), ("PUT", "/v1/txn", b"[]")]:
            answer = api.call(method, path, body)
            self.assertEqual(500, answer.status)
            self.assertIn(b"kv = false", answer.body)
        self.assertEqual([], api.call("GET", "/v1/session/list").json)

    def test_a_store_that_is_full_says_so(self):
        api = self.api_of(self.server("--config", self.settings_file('[consul]\nkv_bytes = "1MiB"\n')))
        self.assertEqual(200, api.call("PUT", "/v1/kv/a", b"x" * (512 << 10)).status)
        answer = api.call("PUT", "/v1/kv/b", b"x" * (512 << 10))
        self.assertEqual(500, answer.status)
        self.assertIn(b"kv_bytes", answer.body)
        self.assertIs(True, api.call("DELETE", "/v1/kv/a").json)
        self.assertEqual(200, api.call("PUT", "/v1/kv/b", b"x" * (512 << 10)).status)

    def test_keys_take_a_grant_over_all_services(self):
        settings = self.settings_file(
            token_table("web", "token-of-web-0123456789", 'allow = "write"\nservices = ["web"]\n') +
            token_table("reads", "token-that-reads-0123456", 'allow = "read"\n') +
            token_table("writes", "token-that-writes-012345", 'allow = "write"\n'))
        api = self.api_of(self.server("--config", settings))

        def status(method, path, token, body=None):
            return api.call(method, f"{path}{'&' if '?' in path else '?'}token={token}", body).status

        get = [{"KV": {"Verb": "get-tree", "Key": ""}}]
        put = [{"KV": {"Verb": "set", "Key": "a"}}]
        for token, reads, writes in [("token-of-web-0123456789", 403, 403), ("token-that-reads-0123456", 404, 403),
                                     ("token-that-writes-012345", 404, 200)]:
            self.assertEqual(reads, status("GET", "/v1/kv/a", token), token)
            self.assertEqual(writes, status("PUT", "/v1/kv/a", token, b"1"), token)
            self.assertEqual(writes, status("DELETE", "/v1/kv/a", token), token)
            self.assertEqual(writes, status("PUT", "/v1/session/create", token), token)
            self.assertEqual(403 if reads == 403 else 200, status("PUT", "/v1/txn", token, get), token)
            self.assertEqual(writes, status("PUT", "/v1/txn", token, put), token)
            status("DELETE", "/v1/kv/a", token)
            self.assertEqual(403 if reads == 403 else 200, status("GET", "/v1/session/list", token), token)
            self.assertEqual(403 if reads == 403 else 200, status("GET", "/v1/query", token), token)
        self.assertEqual(403, api.call("GET", "/v1/kv/a").status)
