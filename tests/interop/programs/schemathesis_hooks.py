"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): its check positive_data_acceptance, without what JSON Schema cannot say.

A request that fits its schema may still be refused for a reason of this list. Each is a sentence of the server's, the field it is
about, and why no schema has it. Everything else that fits and is refused is a finding.
"""

import json
import re

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance

# (field, sentence, why the schema does not say it)
NOT_IN_A_SCHEMA = [
    (r"ttl|.*interval|.*timeout", r"must be (a duration )?from .* to ", "a pattern cannot compare durations, and [lease] sets the bounds"),
    (r".*timeout", r"must be at most the interval", "compares two members"),
    (r"address(es\[\d+\])?", r"is not (an address of anybody|the address of one host)", "ranges of the format ipv4 and ipv6"),
    (r"address", r"must be the first of addresses", "compares two members"),
    (r"service|id", r"as in the path, or be left out", "compares the body with the path"),
    (r"zone|.*\.zone", r"as in \?zone=, or be left out", "compares the body with the query"),
    (r"meta.*", r"octets, .* has \d+: shorten|at most 1300 bytes of keys|twice: case makes no difference", "sums of lengths; octets, not characters"),
    (r".*expect_status", r"must be a status as", "the second number of a range is not below the first"),
    (r".*expect_body|.*name|.*address", r"must be at most \d+ octets", "octets, not characters"),
    (r".*\.name", r"must be a DNS name", "the lengths of labels, and escapes"),
    (r"name", r"must be a domain name|too long to be below", "the lengths of labels, and escapes"),
    (r"type", r"must be a record type", "a list of IANA's that grows"),
    (r"cursor", r"must be the next_cursor of the page before", "opaque: what the server has given"),
    (r"id", r"the instance's DNS name would have \d+ octets", "the sum of several names"),
    (r"index", r"index waits for another change", "a parameter that excludes another"),
    (r"meta\..*|checks.*", r"is given twice", "names that are equal when unescaped"),
]


DURATION = re.compile(r"[0-9]{1,7}|([0-9]+(ms|s|m|h|d))+")


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """A wait of days is legal. Here it is one of milliseconds, of the same form."""
    wait = str((case.query or {}).get("wait", ""))
    if DURATION.fullmatch(wait):
        case.query["wait"] = "0" if wait.isdigit() else "1ms"


@schemathesis.check
def valid_data_is_accepted(ctx, response, case):
    try:
        return positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        if response.status_code != 400 or not is_outside_of_schemas(response.content):
            raise
        return None


def is_outside_of_schemas(body):
    problem = json.loads(body)
    return any(re.fullmatch(field, problem.get("field", ""), re.S) and re.search(sentence, problem["detail"])
               for field, sentence, _ in NOT_IN_A_SCHEMA)
