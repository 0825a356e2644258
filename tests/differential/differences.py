"""Where Knot and NSD answer otherwise, and why Rollcall does not: each class of difference with its reason.

A class is recognised by what the two answers are, never by the question alone, and it explains one section or the RCODE;
what no class explains fails the test. Where ours says more than the peer's, the peer is asked for that itself: a class
holds only when it answers the same.
"""

import dataclasses

from tests.differential.wire import Question
from tests.differential.zones import APEXES, is_below

CHAIN_MAX = 16
WITH_TARGETS = ("NS", "MX", "SRV", "SVCB", "HTTPS")


class Pair:
    """Our answer and a peer's to one question. Each class takes away what it explains."""

    def __init__(self, question, peer, answers, zones, ask, has_room=False, behind=()):
        self.question = question
        self.peer = peer
        self.ours, self.theirs = answers
        self.zones = zones
        self.ask = ask  # (question) -> (ours, theirs), over TCP
        self.has_room = has_room  # it was asked over TCP
        self.behind = frozenset(behind)  # names whose aliases led to this question

    def over_tcp(self):
        return Pair(self.question, self.peer, self.ask(self.question), self.zones, self.ask, True, self.behind)

    def about(self, name, rtype):
        """The pair of a plain question, as part of what explains this one."""
        question = Question(name, rtype, self.question.payload, self.question.dnssec_ok)
        behind = self.behind | {self.question.name.lower()}
        return Pair(question, self.peer, self.ask(question), self.zones, self.ask, True, behind)

    def owns(self, name):
        """Whether the name stands in a zone file: else what it has was made by a wildcard, or a DNAME."""
        return any(name in zone.kinds for zone in self.zones)

    def parts(self):
        """What still differs."""
        found = {part for part in ("rcode", "flags", "question", "edns")
                 if getattr(self.ours, part) != getattr(self.theirs, part)}
        for index, title in enumerate(("answer", "authority", "additional")):
            if self.ours.sets[index] != self.theirs.sets[index]:
                found.add(title)
            if len(self.ours.sets[index]) != len(self.ours.sections[index]):
                found.add("repeats")  # RFC 2181 §5; no class explains them
        return found


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
    enclosing = [apex for apex in APEXES if name == apex or is_below(name, apex)]
    return max(enclosing, key=len, default=None)


def is_delegated(pair, apex):
    above = zone_of(apex.split(".", 1)[1])
    return any(zone.apex == above and zone.kinds.get(apex) == "cut" for zone in pair.zones)


def answering_zone(pair, name):
    """The DS of a delegated zone is above it (RFC 4035 §3.1.4.1)."""
    is_above = pair.question.qtype == "DS" and name in APEXES and is_delegated(pair, name)
    return zone_of(name.split(".", 1)[1] if is_above else name)


@dataclasses.dataclass(frozen=True)
class Step:
    owner: str
    target: str
    own: frozenset  # its record
    followed: frozenset  # the records of the answer up to this one: aliases, and the DNAMEs that made them


def chain(question, answer):
    """The aliases of an answer in the order they were followed."""
    name, steps, followed = question.name.lower(), [], frozenset()
    aliases = {record.owner: record for record in answer.sections[0] if record.rtype == "CNAME"}
    redirections = [record for record in answer.sections[0] if record.rtype == "DNAME"]
    while name in aliases and aliases[name] not in followed:
        followed |= {aliases[name]} | {record for record in redirections if is_below(name, record.owner)}
        steps.append(Step(name, aliases[name].rdata[1], frozenset({aliases[name]}), followed))
        name = steps[-1].target
    return steps


def is_confirmed_behind(pair, step):
    """Our answer is the aliases up to this one, and then what we say of its target alone: as the peer does when asked."""
    if step.target in pair.behind | {pair.question.name.lower()}:
        return True  # a circle: each of its names has been asked for
    if zone_of(step.target) is None:
        return pair.ours.rcode == "NOERROR" and pair.ours.sets == (step.followed, frozenset(), frozenset())
    rest = pair.about(step.target, pair.question.qtype)
    return (pair.ours.rcode == rest.ours.rcode and pair.ours.sets[0] == step.followed | rest.ours.sets[0]
            and pair.ours.sets[1] == rest.ours.sets[1] and pair.ours.sets[2] <= rest.ours.sets[2]
            and not explain(rest)[1])


def is_confirmed(pair, record):
    """The peer has the record, when asked for it: as its answer, or as glue. What a cut hides it cannot be asked for."""
    theirs = pair.about(record.owner, record.rtype).theirs
    is_hidden = "AA" not in theirs.flags and theirs.rcode == "NOERROR" and pair.owns(record.owner)
    return is_hidden or record in theirs.sets[0] | theirs.sets[2]


def final_sets(question, answer):
    """The RRsets of the answer behind its aliases, as (owner, type)."""
    steps = chain(question, answer)
    followed = steps[-1].followed if steps else frozenset()
    return {(record.owner, record.rtype) for record in answer.sets[0] - followed}


def targets(records):
    """The names that additional records are for."""
    found = set()
    for record in records:
        if record.rtype in WITH_TARGETS:
            found |= {record.owner if part == "." else part for part in record.rdata if isinstance(part, str)}
    return found


def is_of_another_zone(pair, record):
    """Whether an address of a target, or of the wildcard that made it, is of a zone below that of the answer, or of the
    referral."""
    referral = [record for record in pair.ours.sections[1] if record.rtype == "NS"]
    homes = {zone_of(owner) for owner, _ in final_sets(pair.question, pair.ours)}
    homes |= {zone_of(record.owner) for record in referral}
    made_for = [name for name in targets([*pair.ours.sections[0], *referral])
                if name == record.owner or record.owner.startswith("*.") and is_below(name, record.owner[2:])]
    return any(zone_of(name) not in homes and any(is_below(name, home) for home in homes) for name in made_for)


def limit_of(question):
    return min(max(question.payload or 512, 512), 1232)


def is_truncated(pair):
    return "TC" in pair.ours.flags | pair.theirs.flags


# --- The classes ---


def alias_into_another_zone(pair):
    """RFC 1034 §4.3.2 step 3a: with the alias's target, go back to step 1, the search for the zone. Knot and NSD end, or
    go on in the zone they are in: what they add is of that zone."""
    for step in chain(pair.question, pair.ours):
        home = zone_of(step.owner)
        if answering_zone(pair, step.target) in (home, None):
            continue
        if is_truncated(pair) or not step.followed <= pair.theirs.sets[0]:
            return set()
        added = pair.theirs.sets[0] - step.followed | pair.theirs.sets[1]
        is_of_home = all(record.owner == home or is_below(record.owner, home) for record in added)
        if is_of_home and is_confirmed_behind(pair, step):
            return {"rcode", "answer", "authority", "additional"}
    return set()


def any_is_one_rrset(pair):
    """RFC 8482 §4.1: one RRset is an answer to ANY, and every server has its own choice. Ours is whole, and brings nothing
    with it; Knot's and NSD's are of the same name."""
    own = final_sets(pair.question, pair.ours)
    if pair.question.qtype != "ANY" or len(own) != 1 or pair.ours.sets[2] or is_truncated(pair):
        return set()
    ((owner, rtype),) = own
    mine = frozenset(record for record in pair.ours.sets[0] if (record.owner, record.rtype) == (owner, rtype))
    is_of_name = all(name == owner for name, _ in final_sets(pair.question, pair.theirs))
    whole = frozenset(record for record in pair.about(owner, rtype).theirs.sets[0]
                      if (record.owner, record.rtype) == (owner, rtype))
    return {"answer", "additional"} if is_of_name and whole == mine else set()


def long_chains(pair):
    """RFC 1034 §5.2.2: a chain ends somewhere; ours after 16 aliases, Knot's after five."""
    theirs = chain(pair.question, pair.theirs)
    if pair.peer != "Knot" or len(theirs) != 5 or pair.theirs.sets[0] != theirs[-1].followed or is_truncated(pair):
        return set()
    if pair.theirs.rcode == "NOERROR" and is_confirmed_behind(pair, theirs[-1]):
        return {"rcode", "answer", "authority", "additional"}
    return set()


def endless_chains(pair):
    """RFC 1034 §5.2.2: a DNAME that leads below itself never ends, and every server has to end somewhere: with the aliases
    it has followed, in order, and nothing else. The peer knows each alias of ours."""
    ours, theirs = (chain(pair.question, answer) for answer in (pair.ours, pair.theirs))
    if len(ours) <= CHAIN_MAX or not theirs or is_truncated(pair):
        return set()
    is_chain = all(answer.sets == (steps[-1].followed, frozenset(), frozenset()) and answer.rcode == "NOERROR"
                   for answer, steps in ((pair.ours, ours), (pair.theirs, theirs)))
    is_known = all(pair.about(step.owner, "CNAME").theirs.sets[0] >= step.own for step in ours)
    return {"answer"} if is_chain and pair.theirs.sets[0] < pair.ours.sets[0] and is_known else set()


def nsd_follows_a_dname_once(pair):
    """RFC 1034 §5.2.2, §4.3.2: a chain is followed, and may meet a DNAME again under another name, until it ends or is too
    long, or its names are (RFC 6672 §2.2). NSD ends at the second meeting."""
    theirs = chain(pair.question, pair.theirs)
    goes_on = len(chain(pair.question, pair.ours)) > len(theirs) or pair.ours.rcode == "YXDOMAIN"
    if pair.peer != "NSD" or not theirs or not goes_on or is_truncated(pair):
        return set()
    met = theirs[-1].target
    is_met_again = any(record.rtype == "DNAME" and is_below(met, record.owner) for record in theirs[-1].followed)
    is_ended = pair.theirs.rcode == "NOERROR" and pair.theirs.sets == (theirs[-1].followed, frozenset(), frozenset())
    if is_met_again and is_ended and is_confirmed_behind(pair, theirs[-1]):
        return {"rcode", "answer", "authority", "additional"}
    return set()


def nsd_leaves_targets_alone(pair):
    """RFC 1035 §3.3.9, RFC 2782, RFC 9460 §4.1: the addresses of targets come along. NSD's minimal responses, which spare
    the comparison its NS records, have them for NS alone."""
    more, fewer = pair.ours.sets[2] - pair.theirs.sets[2], pair.theirs.sets[2] - pair.ours.sets[2]
    own = final_sets(pair.question, pair.ours)
    if pair.peer != "NSD" or fewer or not {rtype for _, rtype in own} <= {"MX", "SRV", "SVCB", "HTTPS"}:
        return set()
    is_wanted = all(record.owner in targets(pair.ours.sections[0]) and is_confirmed(pair, record) for record in more)
    return {"additional"} if is_wanted else set()


def knot_misses_targets_of_svcb(pair):
    """RFC 9460 §4.1: addresses, and records of the same type, SHOULD come along. Knot leaves out those of targets but the
    aliases', sends those that a wildcard makes, or would make of a name that is there, under the wildcard's own name, and
    records of the answer once more."""
    more, fewer = pair.ours.sets[2] - pair.theirs.sets[2], pair.theirs.sets[2] - pair.ours.sets[2]
    own, wanted = {rtype for _, rtype in final_sets(pair.question, pair.ours)}, targets(pair.ours.sections[0])
    if pair.peer != "Knot" or own not in ({"SVCB"}, {"HTTPS"}):
        return set()

    def is_slip(record):
        made_for = [name for name in wanted if record.owner.startswith("*.") and is_below(name, record.owner[2:])]
        is_of_wildcard = made_for and all(  # it makes no name that is there
            pair.owns(name) or dataclasses.replace(record, owner=name) in pair.ours.sets[2] for name in made_for)
        return is_of_wildcard or record in pair.ours.sets[0] or is_of_another_zone(pair, record)

    is_wanted = all(record.owner in wanted and record.rtype in ("A", "AAAA", *own) and is_confirmed(pair, record)
                    for record in more)
    return {"additional"} if is_wanted and all(map(is_slip, fewer)) else set()


def targets_in_another_zone(pair):
    """RFC 1034 §4.2.1: what a zone has below the apex of another one is glue at most, and that zone is the one to ask. Knot
    adds it, and what the wildcards above would make of the name."""
    more, fewer = pair.ours.sets[2] - pair.theirs.sets[2], pair.theirs.sets[2] - pair.ours.sets[2]
    is_theirs = pair.peer == "Knot" and fewer and all(is_of_another_zone(pair, record) for record in fewer)
    return {"additional"} if is_theirs and not more else set()


def types_beside_an_alias(pair):
    """RFC 4035 §2.5 lets RRSIG and NSEC stand beside a CNAME; where they do not, RFC 1034 §4.3.2 3a follows it for any
    other type than CNAME, as NSD does. Knot answers NODATA."""
    steps = chain(pair.question, pair.ours)
    if pair.peer != "Knot" or pair.question.qtype not in ("RRSIG", "NSEC") or not steps or is_truncated(pair):
        return set()
    # A DNAME's alias is followed; the first of the zone file is not.
    until = next((step for step in steps if step.followed - pair.theirs.sets[0]), steps[-1])
    soa = [record.rtype for record in pair.theirs.sections[1]]
    is_nodata = pair.theirs.rcode == "NOERROR" and soa == ["SOA"] and pair.theirs.sets[0] < until.followed
    if is_nodata and is_confirmed_behind(pair, until):
        return {"rcode", "answer", "authority", "additional"}
    return set()


def apex_nobody_delegates(pair):
    """RFC 4035 §3.1.4.1 gives the DS of a zone to the one above it, which here does not know the name. Knot denies the
    name from above, or has a wildcard there make it, NSD denies the type; the name exists (RFC 8020), so ours is the NODATA
    of its own zone."""
    inner, above = APEXES[1], APEXES[0]
    steps = chain(pair.question, pair.ours)
    name, followed = (steps[-1].target, steps[-1].followed) if steps else (pair.question.name.lower(), frozenset())
    if (pair.question.qtype, name) != ("DS", inner) or is_delegated(pair, inner):
        return set()
    soas = [[record.owner for record in answer.sections[1]] for answer in (pair.ours, pair.theirs)]
    if pair.ours.rcode != "NOERROR" or pair.ours.sets[0] != followed or soas[0] != [inner]:
        return set()
    if pair.theirs.sets[0] == followed:
        return {"rcode", "authority"} if soas[1] == [above] else set()
    wildcard = next(zone for zone in pair.zones if zone.apex == above).kinds.get(f"*.{above}")
    is_made = pair.peer == "Knot" and not steps and wildcard == "alias" and chain(pair.question, pair.theirs)
    return {"rcode", "answer", "authority", "additional"} if is_made else set()


def truncated_answers_have_records(pair):
    """RFC 2181 §9: any part of a truncated answer may be sent. Ours has the whole records that fit, for clients that cannot
    ask again over TCP; Knot and NSD send none. Over TCP the answers are compared."""
    if not is_truncated(pair) or pair.has_room:
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
    if pair.has_room or "TC" in pair.ours.flags:
        return set()
    whole = pair.over_tcp()
    is_cut = max(whole.ours.size, whole.theirs.size) > limit_of(pair.question)
    return {"additional"} - explain(whole)[1] if is_cut and pair.ours.sets[2] <= whole.ours.sets[2] else set()


CLASSES = {function.__name__.replace("_", " "): function for function in (
    alias_into_another_zone, any_is_one_rrset, long_chains, endless_chains, nsd_follows_a_dname_once, nsd_leaves_targets_alone,
    knot_misses_targets_of_svcb, targets_in_another_zone, types_beside_an_alias, apex_nobody_delegates, truncated_answers_have_records, additional_records_that_fit)}
