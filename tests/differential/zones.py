"""Random zones: files that every server must load, with whatever RFC 1034 lets a zone have.

A round has three: `d.test`, `sub.d.test` below it (with or without a delegation above), and `other.test`. Names are made of
few labels, so that they meet: existing names, their parents, wildcards, names below leaves, cuts and aliases.
"""

from dataclasses import dataclass, field

APEXES = ("d.test.", "sub.d.test.", "other.test.")
LABELS = ("a", "b", "c", "Dd", "e-1", "_x", "ns", "mail", "sub", "10", "xn--p1ai")
TTLS = (1, 60, 300, 86400)
DATA_TYPES = ("A", "AAAA", "MX", "TXT", "SRV", "PTR", "CAA", "SVCB", "HTTPS", "TYPE65400", "NAPTR", "HINFO")
OWNERS = 45


@dataclass
class Zone:
    apex: str
    kinds: dict = field(default_factory=dict)  # folded owner -> apex, data, alias, redirect, cut, glue
    lines: list = field(default_factory=list)

    def add(self, owner, ttl, rtype, rdata):
        self.lines.append(f"{owner} {ttl} IN {rtype} {rdata}")

    def text(self):
        return "".join(line + "\n" for line in self.lines)


def is_below(name, top):
    return name.lower().endswith("." + top.lower())


def parent(name):
    return name.split(".", 1)[1]


class Generator:
    def __init__(self, random):
        self.random = random
        self.zones = [Zone(apex) for apex in APEXES]
        self.owners = list(APEXES)

    def make(self):
        for zone in self.zones:
            self.make_apex(zone)
            for _ in range(OWNERS):
                self.make_owner(zone)
        if self.random.random() < 0.5:
            self.delegate(*self.zones[:2])
        return self.zones

    def delegate(self, above, inner):
        """A zone served here may be delegated by one that is served here too."""
        above.kinds[inner.apex] = "cut"
        for server in sorted({f"ns.{inner.apex}", self.any_name().lower()}):
            above.add(inner.apex, 60, "NS", server)
        above.add(f"ns.{inner.apex}", 60, "A", self.rdata("A"))
        if self.random.random() < 0.5:
            above.add(inner.apex, 60, "DS", "12345 13 2 " + "cd" * 32)

    # --- Names ---

    def label(self):
        return self.random.choice(LABELS)

    def case(self, name):
        return "".join(self.random.choice((c.lower(), c.upper())) for c in name) if self.random.random() < 0.2 else name

    def new_name(self, zone):
        """Below the apex or an owner of the zone, sometimes with an empty non-terminal between."""
        above = self.random.choice([zone.apex, zone.apex, *zone.kinds])
        depth = self.random.choice((1, 1, 1, 2, 3))
        labels = [self.label() for _ in range(depth)]
        if self.random.random() < 0.15:
            labels[0] = "*"
        name = ".".join(labels) + "." + above
        return name if len(name) < 200 else self.label() + "." + zone.apex

    def any_name(self):
        """A target: of these zones, missing in them, or of nobody here."""
        roll = self.random.random()
        if roll < 0.65:
            return self.case(self.random.choice(self.owners))
        if roll < 0.85:
            return self.label() + "." + self.random.choice(self.owners)
        return self.random.choice(("www.example.", "host.example.org."))

    # --- Records ---

    def make_apex(self, zone):
        zone.kinds[zone.apex] = "apex"
        minimum = self.random.choice((1, 30, 7200))
        zone.add(zone.apex, self.random.choice(TTLS), "SOA", f"ns.{zone.apex} hostmaster.{zone.apex} 7 10 5 3600 {minimum}")
        ttl = self.random.choice(TTLS)
        zone.add(zone.apex, ttl, "NS", f"ns.{zone.apex}")
        if self.random.random() < 0.5:
            zone.add(zone.apex, ttl, "NS", f"ns2.{zone.apex}")
        self.put_addresses(zone, f"ns.{zone.apex}")
        if self.random.random() < 0.5:
            self.put_data(zone, zone.apex)

    def make_owner(self, zone):
        name = self.new_name(zone)
        folded = name.lower()
        if not self.is_free(zone, folded):
            return
        kind = self.random.choices(("data", "alias", "redirect", "cut"), (60, 22, 6, 12))[0]
        if kind in ("redirect", "cut") and not self.may_own_all_below(zone, folded):
            kind = "data"
        zone.kinds[folded] = kind
        self.owners.append(folded)
        getattr(self, "put_" + kind)(zone, self.case(name))

    def is_free(self, zone, name):
        """Not taken, not in a zone below this one, not below a redirection; below a cut it would be occluded, and may."""
        inner = [z.apex for z in self.zones if z is not zone and is_below(z.apex, zone.apex)]
        if name in zone.kinds or any(name == apex or is_below(name, apex) for apex in inner):
            return False
        # What a wildcard below a cut means for the cut's glue, no RFC says.
        closed = ("redirect", "cut") if "*" in name else ("redirect",)
        return not any(kind in closed and is_below(name, owner) for owner, kind in zone.kinds.items())

    def may_own_all_below(self, zone, name):
        has_children = any(is_below(owner, name) for owner in zone.kinds)
        return "*" not in name and not has_children and not any(is_below(apex, name) for apex in APEXES)

    def put_data(self, zone, name):
        for rtype in self.random.sample(DATA_TYPES, self.random.choice((1, 1, 2, 4))):
            ttl = self.random.choice(TTLS)
            for rdata in {self.rdata(rtype) for _ in range(self.random.choice((1, 1, 1, 2, 5)))}:
                zone.add(name, ttl, rtype, rdata)

    def put_alias(self, zone, name):
        zone.add(name, self.random.choice(TTLS), "CNAME", self.any_name())

    def put_redirect(self, zone, name):
        zone.add(name, self.random.choice(TTLS), "DNAME", self.any_name())
        if self.random.random() < 0.5:
            zone.add(name, 60, "A", self.rdata("A"))

    def put_cut(self, zone, name):
        """Servers below the cut with glue (or, a mistake people make, without), beside it, and elsewhere."""
        ttl = self.random.choice(TTLS)
        servers = {self.random.choice((f"ns1.{name}", f"ns2.a.{name}", name)).lower() for _ in range(2)}
        if self.random.random() < 0.5:
            servers.add(self.any_name().lower())
        for server in sorted(servers):
            zone.add(name, ttl, "NS", server)
            if (server == name.lower() or is_below(server, name)) and server not in zone.kinds and self.random.random() < 0.8:
                self.put_addresses(zone, server)
            elif server == name.lower() and self.random.random() < 0.8:
                zone.add(server, 60, "A", self.rdata("A"))
        if self.random.random() < 0.3:
            zone.add(name, ttl, "DS", "12345 13 2 " + "ab" * 32)

    def put_addresses(self, zone, name):
        zone.kinds.setdefault(name.lower(), "glue")
        self.owners.append(name.lower())
        zone.add(name, 60, "A", self.rdata("A"))
        if self.random.random() < 0.5:
            zone.add(name, 60, "AAAA", self.rdata("AAAA"))

    def rdata(self, rtype):
        number = self.random.randrange
        match rtype:
            case "A":
                return f"192.0.2.{number(256)}"
            case "AAAA":
                return f"2001:db8::{number(65536):x}"
            case "MX":
                return f"{number(3) * 10} {self.any_name()}"
            case "TXT":
                return " ".join(f'"{"t" * number(1, 120)}{number(99)}"' for _ in range(number(1, 3)))
            case "SRV":
                return f"{number(3)} {number(9)} 80 {self.any_name()}"
            case "PTR":
                return self.any_name()
            case "CAA":
                return f'0 issue "ca{number(9)}.example"'
            case "SVCB" | "HTTPS":
                if number(4) == 0:
                    return f"0 {self.any_name()}"
                target = "." if number(6) == 0 else self.any_name()
                return f"{number(1, 4)} {target} alpn=h2 port={number(1, 999)}"
            case "TYPE65400":
                return f"\\# 4 {number(1 << 32):08x}"
            case "NAPTR":
                return f'{number(9)} 10 "s" "SIP+D2U" "" {self.any_name()}'
            case "HINFO":
                return f'"cpu{number(9)}" "os"'
        raise AssertionError(rtype)
