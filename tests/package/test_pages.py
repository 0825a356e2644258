"""Man pages and completions of rollcalld: groff and the shells read them, and they have every flag and every setting."""

import re
import subprocess
import unittest

from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program, run
from tests.support.rollcall import BINARY, need_binary

TABLES = ["dns", "dns.tls", "dns.rrl", "http", "http.tls", "store", "history", "lease", "checks", "consul", "log", "cluster", "etcd"]
REQUIRED = {"cluster": 'name = "prod"\netcd = ["127.0.0.1:2379"]\npeers = "127.0.0.1:8601"\n', "etcd": 'endpoints = ["127.0.0.1:2379"]\n'}


class Pages(Case):
    def setUp(self):
        need_binary()
        self.pages = self.directory / "share"
        done = run(["/usr/bin/python3", "-B", REPOSITORY / "packaging/pages.py", BINARY, REPOSITORY / "docs/settings.md", self.pages])
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def page(self, name):
        return (self.pages / "man" / name).read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")

    def test_groff_has_nothing_to_say_about_them(self):
        groff = need_program("groff")
        for page in sorted((self.pages / "man").rglob("*.[58]")):
            with self.subTest(page.name):
                done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z", "-Kutf8", page], capture_output=True, text=True, timeout=30)
                self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_every_flag_is_on_the_page_and_offered(self):
        flags = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", run([BINARY, "--help"]).stdout, re.M))
        self.assertGreater(len(flags), 10)
        for text in (self.page("man8/rollcalld.8"), (self.pages / "bash-completion/completions/rollcalld").read_text()):
            self.assertEqual(set(), {flag for flag in flags if flag not in text})

    def test_every_setting_is_on_the_page(self):
        page = self.page("man5/rollcall.toml.5")
        for table in TABLES:
            settings = self.directory / "rollcall.toml"
            settings.write_text(f"[{table}]\n{REQUIRED.get(table, '')}no_such_key = 1\n")
            said = run([BINARY, "--check", "--config", settings]).stderr
            known = re.search(r"unknown key; .* has ([^\n]+)", said)
            self.assertTrue(known, said)
            keys = re.findall(r"\w+", known[1])
            self.assertGreater(len(keys), 0)
            for key in keys:
                self.assertRegex(page, rf"(?m)\b{key}\b", f"{table}.{key}")

    def test_bash_and_fish_read_their_scripts(self):
        script = self.pages / "bash-completion/completions/rollcalld"
        ask = f'source {script}; COMP_WORDS=(rollcalld --log-level w); COMP_CWORD=2; _rollcalld; echo "${{COMPREPLY[@]}}"'
        self.assertEqual(("warn\n", ""), (lambda done: (done.stdout, done.stderr))(run([need_program("bash"), "-c", ask])))
        script = self.pages / "fish/vendor_completions.d/rollcalld.fish"
        done = run([need_program("fish"), "--no-config", "-c", f"source {script}; complete -C 'rollcalld --hash'"])
        self.assertIn("--hash-token", done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
