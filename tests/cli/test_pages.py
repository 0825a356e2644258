"""Man pages and completions: the programs they are for read them without a complaint, and offer what there is."""

import json
import re
import subprocess
import unittest

from tests.support.cli import ROLLCALL, CliCase, rollcall
from tests.support.processes import REPOSITORY, environment, need_program


def commands():
    return [command["name"] for command in json.loads(rollcall("help", "--json").stdout)["commands"]]


class ManPages(unittest.TestCase):
    def test_groff_has_nothing_to_say_about_them(self):
        groff = need_program("groff")
        for page in [[], *([name] for name in commands())]:
            with self.subTest(page):
                text = rollcall("man", *page).stdout
                done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z", "-Kutf8"], input=text, capture_output=True,
                                      text=True, timeout=30)
                self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_a_page_reads_as_the_help_does(self):
        groff = need_program("groff")
        text = subprocess.run([groff, "-man", "-Tascii", "-P-c", "-Kutf8"], input=rollcall("man", "drain").stdout,
                              capture_output=True, text=True, timeout=30, check=True).stdout
        words = " ".join(text.replace("\b", "").split())
        for part in ("rollcall-drain", "SERVICE ID [--wait TIME]", "answer when no cache can have it any more"):
            self.assertIn(part, words)


class GlobalFlags(unittest.TestCase):
    """docs/global-flags.md says what `rollcall --help` says, and what beats what."""

    PAGE = (REPOSITORY / "docs/global-flags.md").read_text()

    def test_the_page_and_the_manual_have_every_global_flag_variable_and_exit_code(self):
        everything = json.loads(rollcall("help", "--json").stdout)
        described = set(re.findall(r"^\| (?:`-h`, )?`(--[a-z-]+)", self.PAGE, re.M))
        self.assertEqual({option["name"].split(",")[-1] for option in everything["options"]} | {"--help", "--version"}, described)
        manual = rollcall("man").stdout.replace("\\-", "-")
        for name in described - {"--help", "--version"}:
            self.assertIn(name, manual)
        overview = rollcall("--help").stdout
        for variable in re.findall(r"^  ([A-Z_]{4,}) ", overview, re.M):
            self.assertIn(f"`{variable}`", self.PAGE)
            self.assertIn(variable, manual)
        codes = re.findall(r"^  ([0-9]) {5,}", overview, re.M)
        self.assertEqual(["0", "1", "2", "3", "4", "5"], codes)
        for code in codes:
            self.assertRegex(self.PAGE, rf"(?m)^\| {code} \| ")

    def test_what_beats_what(self):
        def said(*arguments, **changes):
            return rollcall(*arguments, **changes).stderr
        self.assertIn("127.0.0.1:3:", said("list", ROLLCALL_HTTP="127.0.0.1:3"))
        self.assertIn("127.0.0.1:2:", said("list", "--http", "127.0.0.1:2", ROLLCALL_HTTP="127.0.0.1:3"))
        self.assertNotIn("127.0.0.1:1:", said("--http", "127.0.0.1:1", "list", "--http", "127.0.0.1:2"))
        self.assertIn("second", said("--token-file", "/nowhere/first", "list", "--token-file", "/nowhere/second"))
        self.assertIn("/nowhere/file", said("list", "--token", "a-token", "--token-file", "/nowhere/file", ROLLCALL_TOKEN="another"))
        for arguments in (["--timeout", "1s", "--timeout", "2s", "list"], ["list", "--timeout", "1s", "--timeout", "2s"]):
            self.assertEqual(2, rollcall(*arguments).returncode)


class Bash(CliCase):
    # Sets what bash sets, calls the function, prints the offers.
    ASK = """
source <("$ROLLCALL" completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_rollcall
printf '%s\\n' "${COMPREPLY[@]}"
"""

    def offers(self, *words, **changes):
        path = f"{ROLLCALL.parent}:/usr/bin:/bin"
        done = subprocess.run([need_program("bash"), "-c", self.ASK, "bash", *words], capture_output=True, text=True,
                              timeout=30, env=environment(ROLLCALL=str(ROLLCALL), PATH=path, **changes))
        self.assertEqual("", done.stderr)
        return done.stdout.split()

    def test_commands_and_options_are_offered(self):
        self.assertEqual(sorted(commands()), sorted(self.offers("rollcall", "")))
        self.assertEqual(["heartbeat", "help"], sorted(self.offers("rollcall", "--json", "he")))
        self.assertEqual(["--tag"], self.offers("rollcall", "list", "--ta"))
        self.assertIn("--http", self.offers("rollcall", "--"))
        self.assertIn("--zone", self.offers("rollcall", "list", "--"))

    def test_values_are_offered_where_they_are_known(self):
        self.assertEqual(["ready"], self.offers("rollcall", "list", "--status", "r"))
        self.assertEqual(["tcp"], self.offers("rollcall", "register", "--protocol", "t"))
        self.assertEqual(["auto", "always"], self.offers("rollcall", "--color", "a"))
        self.assertEqual(["zsh"], self.offers("rollcall", "completion", "z"))

    def test_services_come_from_the_registry(self):
        server = self.server()
        self.api_of(server).call("POST", "/v1/heartbeat", {"service": "web", "address": "192.0.2.1", "port": 80})
        here = {"ROLLCALL_HTTP": f"127.0.0.1:{server.http_port}"}
        self.assertEqual(["web"], self.offers("rollcall", "list", "", **here))
        self.assertEqual(["web"], self.offers("rollcall", "resolve", "w", **here))

    def test_ids_of_instances_follow_the_service(self):
        server = self.server()
        for number in (1, 2):
            self.api_of(server).call("POST", "/v1/heartbeat", {"service": "web", "id": f"i-{number}", "address": "192.0.2.1", "port": 80})
        here = {"ROLLCALL_HTTP": f"127.0.0.1:{server.http_port}"}
        self.assertEqual(["web"], self.offers("rollcall", "drain", "", **here))
        self.assertEqual(["i-1", "i-2"], sorted(self.offers("rollcall", "drain", "web", "", **here)))
        self.assertEqual(["i-2"], self.offers("rollcall", "set", "weight", "web", "i-2", **here))
        self.assertEqual(["weight"], self.offers("rollcall", "set", "w", **here))
        self.assertEqual(["service"], self.offers("rollcall", "delete", "", **here))

    def test_a_registry_that_is_away_offers_nothing_and_says_nothing(self):
        self.assertEqual([], self.offers("rollcall", "list", "", ROLLCALL_HTTP="127.0.0.1:1"))


class OtherShells(CliCase):
    def test_zsh_reads_its_script(self):
        zsh = need_program("zsh")
        script = self.directory / "_rollcall"
        script.write_text(rollcall("completion", "zsh").stdout)
        load = f'autoload -Uz compinit && compinit -u -d {self.directory}/dump && source {script} && whence -w _rollcall'
        done = subprocess.run([zsh, "-fc", load], capture_output=True, text=True, timeout=30, env=environment())
        self.assertEqual((0, "_rollcall: function\n", ""), (done.returncode, done.stdout, done.stderr))

    def test_fish_offers_commands_and_options(self):
        fish = need_program("fish")
        script = self.directory / "rollcall.fish"
        script.write_text(rollcall("completion", "fish").stdout)

        def offers(line):
            ask = f"source {script}; complete -C {line!r}"
            done = subprocess.run([fish, "--no-config", "-c", ask], capture_output=True, text=True, timeout=30,
                                  env=environment(HOME=str(self.directory), PATH=f"{ROLLCALL.parent}:/usr/bin:/bin"))
            self.assertEqual("", done.stderr)
            return [offer.split("\t")[0] for offer in done.stdout.splitlines()]

        self.assertEqual(sorted(commands()), sorted(offers("rollcall ")))
        self.assertEqual(["--tag"], offers("rollcall list --ta"))
        self.assertIn("ready", offers("rollcall list --status "))


if __name__ == "__main__":
    unittest.main()
