"""Zone files as people write them, read by Rollcall, BIND and Knot: the same octets, or the same refusal.

Where a peer is alone in what it reads, REASONS in zone_text_reasons.py says why we do not follow; a difference without a
reason fails, and so does a type of src/dns/rdata_form.cc without texts here. Needs named-compilezone and knotd; with one
of them alone the other is left out.
"""

import re
import unittest

from tests.differential.zone_readers import PEERS, Rollcall, by_case, label, write_zone
from tests.differential.zone_text_reasons import CRASHES, UNKNOWN_TYPES, WHOLE_ZONES, reason_of
from tests.differential.zone_texts import BAD, BAD_LINES, BAD_ZONES, GOOD, GOOD_LINES, GOOD_ZONES, PART
from tests.support.case import Case
from tests.support.processes import REPOSITORY, find_program
from tests.support.rollcall import need_binary

FORMS = REPOSITORY / "src/dns/rdata_form.cc"


class Text:
    """One case: what stands in the file, and whether it is right."""

    def __init__(self, index, rtype, text, is_good):
        self.index, self.rtype, self.text, self.is_good = index, rtype, text, is_good
        self.lines = f"{label(index)} {rtype} {text}" if rtype else text.replace("%", label(index))

    def __str__(self):
        text = self.text if len(self.text) < 90 else f"{self.text[:80]}... ({len(self.text)})"
        return f"{self.rtype or 'lines'} {text!r}"


def all_texts():
    kinds = [(rtype, text, is_good) for table, is_good in ((GOOD, True), (BAD, False))
             for rtype, texts in table.items() for text in texts]
    kinds += [(None, text, True) for text in GOOD_LINES] + [(None, text, False) for text in BAD_LINES]
    return [Text(index, *kind) for index, kind in enumerate(kinds)]


class ZoneTexts(Case):
    def setUp(self):
        need_binary()
        self.peers = [peer(self.directory) for peer in PEERS if find_program(peer.program)]
        if not self.peers:
            self.skipTest("neither named-compilezone nor knotd is installed")
        (self.directory / "part.zone").write_text(PART)
        self.ours = Rollcall(self.directory)

    def write(self, name, texts):
        path = self.directory / name
        return path, write_zone(path, [(text.index, text.lines) for text in texts])

    def knows(self, peer, text):
        return text.rtype not in UNKNOWN_TYPES[peer.name] and text.text not in CRASHES[peer.name]

    def refused_by(self, peer, texts):
        """index -> sentence. A mistake around records may end Knot's reading; texts with it are asked about alone."""
        lines = [text for text in texts if not text.rtype]
        refused = peer.sentences(*self.write(f"{peer.name}.zone", [text for text in texts if text.rtype]))
        for text in lines:
            refused |= peer.sentences(*self.write(f"{peer.name}-one.zone", [text]))
        return refused

    def test_everybody_reads_the_same_octets(self):
        texts = [text for text in all_texts() if text.is_good]
        path, owners = self.write("good.zone", texts)
        if sentence := self.ours.sentence(path):
            self.fail(self.first_refused(texts) or sentence)
        ours = by_case(self.ours.records({"c.test": path})["c.test"])
        confirmed, wrong = set(), []
        for peer in self.peers:
            asked = [text for text in texts if self.knows(peer, text)]
            refused = self.refused_by(peer, asked)
            path, _ = self.write(f"{peer.name}-rest.zone", [text for text in asked if text.index not in refused])
            theirs = by_case(peer.records({"c.test": path})["c.test"])
            for text in asked:
                mine, its = ours.get(text.index), theirs.get(text.index)
                if mine == its:
                    confirmed.add(text.rtype)
                elif not reason_of(peer.name, text.rtype, text.text):
                    wrong.append(f"{text}:\n  ours {shown(mine)}\n  {peer.name} {refused.get(text.index) or shown(its)}")
        self.assertEqual([], wrong, "\n".join(wrong))
        if len(self.peers) == len(PEERS):
            unconfirmed = set(GOOD) - confirmed - (UNKNOWN_TYPES["BIND"] & UNKNOWN_TYPES["Knot"])
            self.assertEqual(set(), unconfirmed, "no peer has read these types")

    def first_refused(self, texts):
        for text in texts:
            path, _ = self.write("one.zone", [text])
            if sentence := self.ours.sentence(path):
                return f"{text}: {sentence}"
        return ""

    def test_what_is_wrong_is_refused_with_its_line(self):
        texts = [text for text in all_texts() if not text.is_good]
        wrong = []
        for text in texts:
            path, owners = self.write("one.zone", [text])
            match = re.fullmatch(r"rollcalld: \S+?/one\.zone:(\d+): (.+)", self.ours.sentence(path), re.DOTALL)
            if not match or int(match[1]) not in owners:
                wrong.append(f"{text}: {self.ours.sentence(path) or 'is loaded'}")
        for peer in self.peers:
            asked = [text for text in texts if self.knows(peer, text)]
            refused = self.refused_by(peer, asked)
            wrong += [f"{text}: {peer.name} reads it" for text in asked
                      if text.index not in refused and not reason_of(peer.name, text.rtype, text.text)]
        self.assertEqual([], wrong, "\n".join(wrong))

    def test_whole_zones_are_read_alike(self):
        files = {}
        for index, text in enumerate(GOOD_ZONES):
            files[f"w{index}.test"] = self.directory / f"w{index}.zone"
            files[f"w{index}.test"].write_text(text)
        ours = {zone: set(records) for zone, records in self.ours.records(files).items()}
        for peer in self.peers:
            theirs = {zone: set(records) for zone, records in peer.records(files).items()}
            for zone in files:
                if zone not in WHOLE_ZONES[peer.name]:
                    self.assertEqual(shown(ours[zone]), shown(theirs[zone]), f"{peer.name}, {files[zone].read_text()}")

    def test_whole_zones_that_are_wrong_are_refused(self):
        for text in BAD_ZONES:
            path = self.directory / "w.zone"
            path.write_text(text)
            with self.subTest(text=text):
                self.assertRegex(self.ours.sentence(path, "w.test"), r"w\.zone(:\d+)?: ")
                for peer in self.peers:
                    self.assertTrue(peer.refuses("w.test", path), f"{peer.name} loads it")

    def test_every_type_read_by_its_name_has_texts_here(self):
        named = set(re.findall(r'^\s*(?:\{\d+, )?"([A-Z0-9-]+)",', FORMS.read_text(), re.MULTILINE))
        self.assertGreater(len(named), 60)
        self.assertEqual(set(), named - set(GOOD) - {"SOA"})
        self.assertEqual(set(), named - set(BAD) - {"MD", "MF", "MB", "MG", "MR", "NSAP-PTR", "SPF", "NINFO", "AVC",
                                                    "RESINFO", "WALLET", "KX", "CDS", "DLV", "TA", "CDNSKEY", "RKEY",
                                                    "SMIMEA", "TALINK"})  # made of the same fields as others


def shown(records):
    return sorted((owner.hex(), rtype, ttl, rdata.hex()) for owner, rtype, ttl, rdata in records or ())


if __name__ == "__main__":
    unittest.main()
