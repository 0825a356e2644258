"""The judge of replies to Consul's clients (consul_replies.py) takes what they take, and finds each fault that breaks one.

The deviations are those that were tried with the clients; each is made to every recorded reply in which it can be.
"""

import json
import unittest

from tests.interop.consul_recordings import Reply, clients, exchanges_of
from tests.interop.consul_replies import faults_of

EXCHANGES = [exchange for client in clients() for exchange in exchanges_of(client)
             if not exchange.is_cancelled and (exchange.has_reply or not exchange.is_json)]


def recorded(exchange):
    """The reply as it was; of a blocking query that ended without a change, or was woken by one."""
    headers = dict(exchange.reply_headers)
    if exchange.status == 200 and exchange.is_json:
        headers |= {"x-consul-knownleader": "true", "x-consul-lastcontact": "0"}
    if exchange.is_json:
        return Reply(exchange.status, headers, json.dumps(exchange.reply).encode())
    return Reply(exchange.status, headers, (exchange.reply or "").encode())


def in_body(change):
    """A deviation of the JSON, made by `change(key, value)`: the item to have in its place, or None for none at all."""
    def of(value):
        if isinstance(value, list):
            return [of(item) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {key: change(key, item) for key, item in value.items()}
        return {key: of(item[0]) for key, item in kept.items() if item is not None}

    def deviate(exchange, reply):
        if exchange.is_json:
            reply.body = json.dumps(of(json.loads(reply.body))).encode()
    return deviate


def in_headers(name, value, where=lambda exchange: True):
    def deviate(exchange, reply):
        if name in reply.headers and where(exchange):
            del reply.headers[name]
            if value is not None:
                reply.headers[name] = value
    return deviate


def without(*names, where=lambda value: True):
    return in_body(lambda key, value: None if key in names and where(value) else (value,))


def with_(replacement, *names, where=lambda value: True):
    return in_body(lambda key, value: (replacement,) if key in names and where(value) else (value,))


def null_for_empty(exchange, reply):
    if reply.body in (b"[]", b"{}"):
        reply.body = b"null"


def status(number, where):
    def deviate(exchange, reply):
        if where(exchange):
            reply.status = number
    return deviate


def is_write(exchange):
    return exchange.method == "PUT" and exchange.status == 200


def index_moved(by, where):
    def deviate(exchange, reply):
        if exchange.asked_index is not None and where(exchange):
            reply.headers["x-consul-index"] = str(exchange.asked_index + by)
    return deviate


def without_first_row(exchange, reply):
    rows = json.loads(reply.body) if exchange.is_json else None
    names = [row for row in rows if "CheckID" not in row or row["CheckID"] != "serfHealth"] if is_rows(rows) else []
    if names:
        reply.body = json.dumps([row for row in rows if row is not names[0]]).encode()


def with_first_row_twice(exchange, reply):
    rows = json.loads(reply.body) if exchange.is_json else None
    if is_rows(rows) and rows[0].get("CheckID") != "serfHealth":
        reply.body = json.dumps([rows[0], *rows]).encode()


def is_rows(rows):
    return isinstance(rows, list) and rows and isinstance(rows[0], dict)


def body(text, where):
    def deviate(exchange, reply):
        if where(exchange):
            reply.body = text
    return deviate


MEANT_NUMBERS = {"Port", "ServicePort", "Passing", "Warning", "CreateIndex", "ModifyIndex", "LockIndex", "Flags", "Status"}
BREAKING = {
    "no index": in_headers("x-consul-index", None),
    "index 0": in_headers("x-consul-index", "0"),
    "404 without an index": in_headers("x-consul-index", None, lambda exchange: exchange.status == 404),
    "null in the place of what is empty": null_for_empty,
    "null as the definition of a check": with_(None, "Definition"),
    "null tags": with_(None, "Tags", "ServiceTags", where=lambda value: isinstance(value, list)),
    "no tags": without("Tags", "ServiceTags", where=lambda value: isinstance(value, list)),
    "no checks": without("Checks"),
    "no meta": without("Meta", "NodeMeta", "ServiceMeta", where=lambda value: "consul-version" in value),
    "no weights": without("Weights", "ServiceWeights"),
    "numbers as texts": in_body(lambda key, value: (str(value),) if key in MEANT_NUMBERS and type(value) is int else (value,)),
    "no address": without("Address", "ServiceAddress"),
    "no datacenter": without("Datacenter"),
    "empty addresses of a node": with_({}, "TaggedAddresses", where=lambda value: value and "wan_ipv4" in value),
    "another port": in_body(lambda key, value: (value + 1,) if key in ("Port", "ServicePort") and value != 8301 else (value,)),
    "another status": with_("unknown", "Status", where=lambda value: isinstance(value, str)),
    "no content type": in_headers("content-type", None),
    "JSON as text": in_headers("content-type", "text/plain", lambda exchange: exchange.is_json),
    "writes that answer 204": status(204, is_write),
    "writes that answer 201": status(201, is_write),
    "writes with a word": body(b"ok", lambda exchange: is_write(exchange) and not exchange.is_json),
    "writes to the catalog that say nothing": body(b"", lambda exchange: is_write(exchange) and exchange.is_json),
    "500 for what is not there": status(500, lambda exchange: exchange.status == 404),
    "200 for what is not there": status(200, lambda exchange: exchange.status == 404),
    "nameless errors": body(b"not found", lambda exchange: exchange.status >= 400 and exchange.reply),
    "JSON cut short": lambda exchange, reply: setattr(reply, "body", reply.body[:-1] if exchange.is_json else reply.body),
    "never blocks": index_moved(0, lambda exchange: not exchange.may_time_out),
    "woken without a change": index_moved(1, lambda exchange: exchange.index == exchange.asked_index),
    "an index that went back": index_moved(-1, lambda exchange: True),
    "no known leader": in_headers("x-consul-knownleader", None, lambda exchange: exchange.index is not None),
    "no hash": in_headers("x-consul-contenthash", None),
    "a row too few": without_first_row,
    "a row twice": with_first_row_twice,
}
HARMLESS = {
    "as recorded": lambda exchange, reply: None,
    "more keys": in_body(lambda key, value: ({**value, "Unheard": None},) if key in ("Node", "Service") and
                         isinstance(value, dict) else (value,)),
    "what nobody reads left out": without("Definition", "Type", "Interval", "Timeout", "ExposedPort", "Proxy", "Connect",
                                          "DebugConfig", "Coord", "Stats", "xDS"),
    "definitions that are objects": with_({"Interval": "1s"}, "Definition"),
    "a character set": in_headers("content-type", "application/json; charset=utf-8", lambda exchange: exchange.is_json),
    "rows in another order": lambda exchange, reply: setattr(
        reply, "body", json.dumps(json.loads(reply.body)[::-1]).encode() if exchange.is_json and exchange.reply != [] and
        is_rows(exchange.reply) else reply.body),
}


class RepliesTest(unittest.TestCase):
    def judged(self, deviate):
        """Of each reply that it changes: the exchange, and its faults."""
        for exchange in EXCHANGES:
            reply, before = recorded(exchange), recorded(exchange)
            deviate(exchange, reply)
            if (reply.status, reply.headers, reply.body) != (before.status, before.headers, before.body):
                yield exchange, list(faults_of(exchange, exchange.asked_index, reply))

    def test_each_deviation_that_breaks_a_client_is_a_fault(self):
        for name, deviate in BREAKING.items():
            with self.subTest(name):
                judged = list(self.judged(deviate))
                self.assertTrue(judged, "no reply in which it could be made")
                self.assertEqual([], [exchange.name for exchange, faults in judged if not faults])

    def test_what_no_client_minds_is_none(self):
        for name, deviate in HARMLESS.items():
            with self.subTest(name):
                self.assertEqual([], [(exchange.name, faults) for exchange, faults in self.judged(deviate) if faults])

    def test_recorded_replies_have_no_faults(self):
        self.assertGreater(len(EXCHANGES), 700)
        for exchange in EXCHANGES:
            self.assertEqual([], list(faults_of(exchange, exchange.asked_index, recorded(exchange))), exchange.name)

    def test_a_long_reply_that_was_not_kept_may_not_be_empty(self):
        exchange = next(exchange for exchange in exchanges_of("go-consul-api") if exchange.reply_bytes > 1000)
        headers = {"x-consul-index": "9", "x-consul-knownleader": "true", "x-consul-lastcontact": "0",
                   "content-type": "application/json"}
        self.assertTrue(list(faults_of(exchange, None, Reply(200, headers, b"[]"))))


if __name__ == "__main__":
    unittest.main()
