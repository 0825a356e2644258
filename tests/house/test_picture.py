"""The README's picture is the one that its program draws."""

import runpy
import unittest
import xml.etree.ElementTree as ElementTree

from tests.support.processes import REPOSITORY

PICTURE = REPOSITORY / "docs/rollcall.svg"


class PictureTest(unittest.TestCase):
    def test_the_file_is_what_the_program_draws(self):
        drawn = runpy.run_path(str(REPOSITORY / "tools/lib/picture.py"))["picture"]()
        self.assertEqual(PICTURE.read_text(), drawn, "write it anew: python3 tools/lib/picture.py")

    def test_it_is_well_formed_and_has_words_for_those_who_do_not_see_it(self):
        root = ElementTree.parse(PICTURE).getroot()
        self.assertTrue(root.get("aria-label"))

    def test_the_readme_shows_it(self):
        self.assertIn("docs/rollcall.svg", (REPOSITORY / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
