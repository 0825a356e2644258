"""Where Knot and NSD answer otherwise, and why Rollcall does not: each class of difference with its reason.

A class is recognised by what the two answers are, never by the question alone, and it explains one section or the RCODE;
what no class explains fails the test.
"""

from tests.differential.zones import APEXES, is_below


class Pair:
    """Our answer and a peer's to one question. Each class takes away what it explains."""

    def __init__(self, question, peer, ours, theirs, owners, ask_tcp):
        self.question = question
        self.peer = peer
        self.ours, self.theirs = ours, theirs
        self.owners = owners  # every name that stands in a zone file, folded
        self.ask_tcp = ask_tcp  # () -> (ours, theirs): the same question where there is room; None: it was there

    def over_tcp(self):
        return Pair(self.question, self.peer, *self.ask_tcp(), self.owners, None)

    def parts(self):
        """What still differs."""
        found = []
        if self.ours.rcode != self.theirs.rcode:
            found.append("rcode")
        if self.ours.flags != self.theirs.flags:
            found.append("flags")
        if self.ours.question != self.theirs.question:
            found.append("question")
        if self.ours.edns != self.theirs.edns:
            found.append("edns")
        for index, title in enumerate(("answer", "authority", "additional")):
            if self.ours.sets[index] != self.theirs.sets[index]:
                found.append(title)
        return set(found)


def explain(pair):
    """The names of the classes that explain the pair, and what none of them does."""
    left, names = pair.parts(), []
    for name, explains in CLASSES.items():
        if not left:
            break
        explained = left & explains(pair)
        if explained:
            names.append(name)
            left -= explained
    return names, left


# --- What a class looks at ---


def zone_of(name):
    enclosing = [apex for apex in APEXES if name.endswith(apex) and (name == apex or is_below(name, apex))]
    return max(enclosing, key=len, default=None)


def chain(question, answer):
    """The aliases of an answer in the order they were followed, each with what else is at its owner's DNAME."""
    name, steps, seen = question.name.lower(), [], set()
    aliases = {record.owner: record for record in answer.sections[0] if record.rtype == "CNAME"}
    while name in aliases and name not in seen:
        seen.add(name)
        steps.append(aliases[name])
        name = aliases[name].rdata[1]
    return steps


def limit_of(question):
    return min(max(question.payload or 512, 512), 1232)


def targets(answer):
    """Names in the RDATA of the answer's records that are no aliases: what additional records are for."""
    return {(record.rtype, part) for record in answer.sections[0] if record.rtype != "CNAME"
            for part in record.rdata if isinstance(part, str)}


# --- The classes ---


def alias_into_another_zone(pair):
    """RFC 1034 §4.3.2 step 3a: with the alias's target, go back to step 1, the search for the zone. The others end,
    or go on in the zone they are in."""
    ours, followed = pair.ours.sets[0], set()
    for step in chain(pair.question, pair.ours):
        followed.add(step)
        followed |= {r for r in ours if r.rtype == "DNAME" and is_below(step.owner, r.owner)}
        if zone_of(step.rdata[1]) not in (zone_of(step.owner), None):
            if followed <= pair.theirs.sets[0]:
                return {"rcode", "answer", "authority", "additional"}
    return set()


def any_is_one_rrset(pair):
    """RFC 8482 §4.1: one RRset is an answer to ANY, and every server has its own choice; Knot's and NSD's bring more."""
    sets = [{(record.owner, record.rtype) for record in more}
            for more in (pair.ours.sets[0] - pair.theirs.sets[0], pair.theirs.sets[0] - pair.ours.sets[0])]
    same_owner = {owner for owner, _ in sets[0] | sets[1]} <= {record.owner for record in pair.ours.sets[0]}
    if pair.question.qtype == "ANY" and len(sets[0]) <= 1 and same_owner:
        return {"answer", "additional"}
    return set()


def truncated_answers_have_records(pair):
    """RFC 2181 §9: any part of a truncated answer may be sent. Ours has the whole records that fit, for clients that cannot
    ask again over TCP; Knot and NSD send none. Over TCP the answers are compared."""
    if "TC" not in pair.ours.flags | pair.theirs.flags or pair.ask_tcp is None:
        return set()
    whole = pair.over_tcp()
    if explain(whole)[1] or not pair.ours.sets[0] <= whole.ours.sets[0]:
        return set()
    explained = {"answer", "authority", "additional", "rcode"}
    if pair.ours.flags == pair.theirs.flags:
        return explained
    # Near the limit it is compression that decides: whoever has TC has a whole answer that does not fit.
    truncated = whole.ours if "TC" in pair.ours.flags else whole.theirs
    return explained | {"flags"} if truncated.size > limit_of(pair.question) else set()


def additional_records_that_fit(pair):
    """RFC 2181 §9: what does not fit in the additional section is left out without TC; which records, is free."""
    if pair.ask_tcp is None or "TC" in pair.ours.flags:
        return set()
    whole = pair.over_tcp()
    is_cut = max(whole.ours.size, whole.theirs.size) > limit_of(pair.question)
    return {"additional"} - explain(whole)[1] if is_cut and pair.ours.sets[2] <= whole.ours.sets[2] else set()


def long_chains(pair):
    """RFC 1034 §5.2.2: a chain ends somewhere; ours after 16 aliases, Knot's after five."""
    theirs = chain(pair.question, pair.theirs)
    if len(theirs) >= 5 and pair.theirs.sets[0] < pair.ours.sets[0]:
        return {"rcode", "answer", "authority", "additional"}
    return set()


def targets_bring_addresses(pair):
    """RFC 2782, RFC 9460 §4.1: the addresses of targets SHOULD come along. NSD has none for SRV, nor where a wildcard made
    the answer; Knot has none for SVCB that is not an alias, and sends SVCB records that are in the answer once more."""
    wanted = {name for rtype, name in targets(pair.ours) if rtype in ("MX", "SRV", "SVCB", "HTTPS")}
    wanted |= {record.owner for record in pair.ours.sets[0] if record.rtype in ("SVCB", "HTTPS")}
    more, fewer = pair.ours.sets[2] - pair.theirs.sets[2], pair.theirs.sets[2] - pair.ours.sets[2]
    is_ours_right = all(record.owner in wanted and record.rtype in ("A", "AAAA") for record in more)
    if is_ours_right and all(record.owner in wanted and record.rtype in ("SVCB", "HTTPS") for record in fewer):
        return {"additional"}
    return set()


def addresses_made_by_wildcards(pair):
    """RFC 1034 §4.3.2 step 6: additional records are what may be useful. Knot and NSD make the addresses of targets by
    wildcards; ours are those that stand in the zone file."""
    fewer = pair.theirs.sets[2] - pair.ours.sets[2]
    is_made = all(record.owner not in pair.owners and record.rtype in ("A", "AAAA") for record in fewer)
    return {"additional"} if is_made and pair.ours.sets[2] <= pair.theirs.sets[2] else set()


def types_beside_an_alias(pair):
    """RFC 4035 §2.5 lets RRSIG and NSEC stand beside a CNAME; where they do not, RFC 1034 §4.3.2 3a follows it for any
    other type than CNAME, as NSD does. Knot answers NODATA."""
    is_alias = bool(chain(pair.question, pair.ours))
    if pair.question.qtype in ("RRSIG", "NSEC") and is_alias and not pair.theirs.sets[0]:
        return {"rcode", "answer", "authority", "additional"}
    return set()


def apex_nobody_delegates(pair):
    """RFC 4035 §3.1.4.1 gives the DS of a zone to the one above it, which here does not know the name. Knot denies the
    name from above, NSD the type; the name exists (RFC 8020), so ours is the NODATA of its own zone."""
    if pair.question.qtype == "DS" and pair.question.name.lower() in APEXES and not pair.ours.sets[0]:
        soas = {record.owner for record in pair.ours.sections[1] if record.rtype == "SOA"}
        return {"rcode", "authority"} if soas == {pair.question.name.lower()} else set()
    return set()


CLASSES = {function.__name__.replace("_", " "): function for function in (
    alias_into_another_zone, any_is_one_rrset, long_chains, targets_bring_addresses,
    addresses_made_by_wildcards, types_beside_an_alias, apex_nobody_delegates, truncated_answers_have_records, additional_records_that_fit)}
