"""Where BIND 9.18 or Knot 3.2 reads a text otherwise than Rollcall, and why Rollcall does not follow."""

# Types a peer has no text for; it is not asked about them.
UNKNOWN_TYPES = {
    "BIND": {"MD", "MF"},  # "obsolete"; Rollcall reads them like MB
    "Knot": set("MD MF MB MG MR NSAP-PTR NINFO AVC RESINFO WALLET X25 ISDN NSAP PX GPOS DLV TA RKEY HIP TALINK AMTRELAY "
                "DSYNC NULL TYPE10 WKS EID NIMLOC ATMA SIG NXT A6 DOA SINK".split()),
}

# (peer, type or None for whole lines, texts or their beginnings, why).
REASONS = [
    # --- Refused by Rollcall ---
    ("BIND", None, ["$TTL x", "$TTL 1h30"], "goes on with another TTL, and says nothing"),
    ("BIND", None, ['"%" A'], "takes the quotes for octets of the name; RFC 1035 has none around names"),
    ("BIND", None, ["$GENERATE"], "Rollcall and Knot do not know it: refused, and never passed over"),
    ("BIND", "TXT", ['a"b c"'], "reads two strings; where a string ends is not said, so it is refused"),
    ("BIND", "CERT", ["0 0 0"], "RFC 4398 2.1: type 0 is reserved"),
    ("Knot", "CERT", ["0 0 0"], "RFC 4398 2.1: type 0 is reserved"),
    ("BIND", "NSEC", ["next ANY", "next TYPE0", "next TYPE41"], "RFC 4034 4.1.2: no bits of pseudo-types"),
    ("Knot", "NSEC", ["next TYPE0", "next TYPE41"], "RFC 4034 4.1.2: no bits of pseudo-types"),
    ("BIND", "EUI48", ["00-00-5e-00-53-2a-00", "0-00", "00-00-5e-00-53-2g"], "reads the beginning, and drops the rest"),
    ("BIND", "URI", ['1 1 ""'], "RFC 7553 4.4: the target is not empty"),
    ("Knot", "URI", ['1 1 ""'], "RFC 7553 4.4: the target is not empty"),
    ("BIND", "SVCB", ["1 . ech"], "RFC 9460 7.3: a list of configurations, which is never empty"),
    ("BIND", "SVCB", ["1 . key65535=x"], "RFC 9460 14.3.2: the invalid key"),
    ("Knot", "SVCB", ["1 . key65535=x"], "RFC 9460 14.3.2: the invalid key"),
    *(("BIND", rtype, [""], "a type of the past, which Rollcall reads as RFC 3597 writes it alone")
      for rtype in ("WKS", "EID", "NIMLOC", "ATMA", "NXT", "A6", "DOA", "SINK")),
    ("Knot", "NS", ["a\\256"], "wraps around to \\000"),
    ("Knot", None, ["%\\256"], "wraps around to \\000"),
    ("Knot", None, ["%.example."], "drops records of other zones without a word"),
    ("BIND", "RRSIG", ["A 8 2 60 21060207062816"], "wraps around; RFC 4034 3.2 has 32 bits, which end in 2106"),
    ("Knot", "TXT", ["x" * 256, '"' + "x" * 256], "cuts the string in two, which changes what it says"),
    ("Knot", "LOC", ["90 0 0.001 N", "90 1 N", "1 N 180 0 0.001 E"], "beyond the pole, or the date line"),
    ("Knot", "CERT", ["1 0 0 AB=="], "RFC 4648 3.5: the bits behind the last octet are zero"),
    ("Knot", "DNSKEY", ["256 3 8 AA==AAAA"], "RFC 4648 3.2: padding is at the end"),
    ("Knot", "DS", ["1 8 2 aabbcc", "1 8 1 " + "ab" * 19, "1 8 2 " + "ab" * 33],
     "RFC 4509 2.2: a digest has its type's length; with another one the zone below is bogus"),
    ("Knot", "SSHFP", ["1 1 aabbccdd"], "RFC 4255 3.1.2: a fingerprint has its type's length"),
    ("Knot", "ZONEMD", ["1 1"], "RFC 8976 2.2.4: a digest has its algorithm's length, and 12 octets at least"),
    ("Knot", "IPSECKEY", ["10 0 2 ."], "RFC 4025 2.4: without a key the algorithm is 0"),
    ("Knot", "NSEC", ["next"], "RFC 4034 4.1.2: every NSEC has types, itself one of them"),
    ("Knot", "CAA", ['0 "issue"', "0 is-sue", '0 ""'], "RFC 8659 4.1.1: a tag is letters and digits, one at least"),
    ("Knot", "SVCB", ["1 . no-default-alpn"], "RFC 9460 7.1.1: not without alpn"),
    ("Knot", "HTTPS", ["1 . no-default-alpn"], "RFC 9460 7.1.1: not without alpn"),
    ("Knot", "SVCB", ["1 . key00001=", "1 . key07=", "1 . key03="], "RFC 9460 2.1: no zeros in front"),
    ("Knot", "SVCB", ["1 . key1=h2x", "1 . key0=x"], "RFC 9460 7.1.1, 8: the octets are no value of the key"),
    *(("Knot", rtype, ["\\# "], "takes octets of a known type as they are; RFC 3597 5: they are checked like its text")
      for rtype in ("A", "AAAA", "NS", "TXT", "APL", "CAA", "SVCB")),
    *(("Knot", rtype, ["\\# 0"], "RFC 6895 3.1: no record has a type of questions")
      for rtype in ("TYPE41", "TYPE0", "TYPE255")),
    # --- Read by Rollcall ---
    ("BIND", "IPSECKEY", ["10 0 0 .", "10 1 0 192.0.2.1"], "RFC 4025 2.4: algorithm 0, and no key"),
    *((peer, "TLSA", ["PKIX-TA", "DANE-EE"], "RFC 7218: mnemonics") for peer in ("BIND", "Knot")),
    ("BIND", "URI", ["1 1 x"], "wants the quotes; the meaning is the same without"),
    ("Knot", "A", ["\\# 4 C 000020 1"], "wants whole octets in each word; RFC 3597 5 does not"),
    ("Knot", "TXT", ['"a""b"'], "wants a blank between strings"),
    ("Knot", "LOC", ["52 N 4 E -.5m", "52 22 .5 N", "52 N 4 E +5m"], "wants digits before the point, and no plus"),
    ("Knot", "DS", ["1 8 SHA-256"], "has no mnemonics for digests"),
    *(("Knot", rtype, texts, "wants base64 in words of four digits")
      for rtype, texts in (("IPSECKEY", ["0 3 255 @ AQ ID"]), ("RRSIG", ["TYPE65400"]), ("DNSKEY", ["65535 3 13"]),
                           ("OPENPGPKEY", ["AA AA"]))),
    ("Knot", "KEY", ["49152 3 8"], "RFC 2535 3.1.2: flags that say that there is no key"),
    ("Knot", "NSEC3", ["2 0 0 - 00 A"], "wants base32hex in words of eight digits"),
    *(("Knot", rtype, [text], "RFC 6742: leading zeros may be left out, as in an IPv6 address")
      for rtype, text in (("NID", "65535 0:0:0:1"), ("L64", "10 1:2:3:4"))),
    ("Knot", "SVCB", ["1 . dohpath=", "1 . alpn=h2 dohpath="], "does not know dohpath (RFC 9461)"),
    ("Knot", "SVCB", ["1 . alpn=h2 no-default-alpn=", "1 . key65400="], "RFC 9460 2.1: an empty value is none"),
    ("Knot", None, ["% 2147483648", "% 4294967295"], "RFC 2181 8: a TTL with its top bit set is zero"),
    ("Knot", None, ["% CLASS1", "% class1"], "RFC 3597 5: CLASS1 is IN"),
    ("Knot", None, ["% A 192.0.2.1\r"], "wants lines to end with LF alone"),
    ("Knot", None, ["( % A"], "wants the owner before the parenthesis"),
    ("Knot", None, ["% TXT ( a ( b ) c )"], "wants no parentheses inside parentheses"),
    ("Knot", None, ["% TXT (a)(b)"], "takes the second pair for text"),
    ("Knot", None, ["$ORIGIN %\n", "$INCLUDE part.zone %", "$ORIGIN %.c.test.\n$ORIGIN a",
                    "$ORIGIN %.c.test.\nx MX"], "wants absolute origins; RFC 1035 5.1 has relative ones too"),
]

# Texts that are not shown to a peer, because it ends with a segmentation fault.
CRASHES = {"BIND": set(), "Knot": {"\\# 2 c000"}}

# Whole zones a peer reads otherwise.
WHOLE_ZONES = {"BIND": {"w5.test": "RFC 1035 5.1: without $TTL the last TTL written; BIND takes the SOA's minimum"},
               "Knot": {"w5.test": "RFC 1035 5.1: without $TTL the last TTL written; Knot takes an hour"}}


def reason_of(peer, rtype, text):
    """Empty: there is none."""
    for named, of_type, beginnings, reason in REASONS:
        if (named, of_type) == (peer, rtype) and any(text.startswith(beginning) for beginning in beginnings):
            return reason
    return ""
