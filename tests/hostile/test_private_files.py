"""Files with secrets are private: those that rollcalld makes, and those that it reads, of which it warns."""

import os
import subprocess

from tests.support import certificates
from tests.support.case import Case
from tests.support.rollcall import BINARY, run_to_end

TOKEN = '[[token]]\nname = "deploy"\nhash = "sha256:{}"\nallow = "read"\n'.format("0123456789abcdef" * 4)
KEY = '[[key]]\nname = "transfer"\nsecret = "c2VjcmV0IG9mIHNvbWUgb2N0ZXRz"\n'
NOBODY = "65534"


def mode(path):
    return path.stat().st_mode & 0o777


class MadeByRollcalldTest(Case):
    def setUp(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)

    def test_the_database_and_its_log_are_private_whatever_the_umask(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1")
        made = sorted(self.directory.glob("rollcall.db*"))
        # The last one is the socket at which a new process asks for the place of this one.
        self.assertEqual(["rollcall.db", "rollcall.db-shm", "rollcall.db-wal", "rollcall.db.handover"], [path.name for path in made])
        self.assertEqual([0o600] * 3, [mode(path) for path in made[:3]])
        self.assertEqual(0, mode(made[3]) & 0o077)

    def test_copies_are_private_whatever_the_umask(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1")
        copy = self.directory / "copy.db"
        self.assertEqual(0, run_to_end(["--db", rollcalld.database, "--backup", copy], self.directory).returncode)
        self.assertEqual(0o600, mode(copy))
        self.assertEqual(0, rollcalld.stop())
        copy.chmod(0o644)
        fresh = self.directory / "fresh.db"
        self.assertEqual(0, run_to_end(["--db", fresh, "--restore", copy], self.directory).returncode)
        self.assertEqual(0o600, mode(fresh))


class WarningsTest(Case):
    def warnings(self, settings, *, reader=None):
        """What --check says of the files, without the time."""
        command = [BINARY, "--check", "--config", settings]
        if reader is not None:
            command = ["setpriv", "--reuid", reader, "--regid", reader, "--clear-groups", *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=self.directory)
        self.assertEqual((0, "settings and zones are good\n"), (done.returncode, done.stdout), done.stderr)
        return [line.partition(" warn ")[2] or line for line in done.stderr.splitlines() if "holds a secret" in line]

    def test_settings_with_secrets_that_others_can_read(self):
        for text in (TOKEN, KEY, '[dns]\ncookie_secrets = ["00112233445566778899aabbccddeeff"]\n'):
            path = self.settings_file(text)
            path.chmod(0o600)
            self.assertEqual([], self.warnings(path))
            path.chmod(0o644)
            self.assertEqual(1, len(self.warnings(path)), text)
            self.assertRegex(self.warnings(path)[0], rf"the settings: {path} holds a secret, and others can read it "
                                                     rf"\(mode 0644\): chmod (600|o-rwx) {path}$")

    def test_settings_without_secrets_may_be_read_by_everybody(self):
        path = self.settings_file('[log]\nlevel = "info"\n')
        path.chmod(0o644)
        self.assertEqual([], self.warnings(path))

    def test_each_file_with_a_secret_is_named_once_with_its_setting(self):
        certificate, key = certificates.make(self.directory)
        token = self.directory / "token"
        token.write_text("0123456789abcdef\n")
        path = self.settings_file(certificates.LISTENERS.format(certificate=certificate, key=key) +
                                  f'[consul]\nfollow = "http://127.0.0.1:1"\nfollow_token_file = "{token}"\n')
        for file in (key, token):
            file.chmod(0o604)
        said = self.warnings(path)
        self.assertEqual(["dns.tls.key", "consul.follow_token_file"],
                         [line.split(": ")[0].split()[-1] for line in said])
        for file in (key, token):
            file.chmod(0o600)
        self.assertEqual([], self.warnings(path))

    def test_the_log_says_it_at_the_start_and_at_a_reload(self):
        path = self.settings_file(KEY)
        path.chmod(0o644)
        rollcalld = self.server("--config", path)
        self.assertEqual(1, rollcalld.log().count("holds a secret"))
        rollcalld.reload()
        self.eventually(lambda: rollcalld.log().count("holds a secret") == 2, "it is said again")

    def test_a_group_that_reads_the_files_of_another_user_is_no_fault(self):
        if os.geteuid() != 0:
            self.skipTest("files of two users take root")
        self.directory.chmod(0o755)
        path = self.settings_file(TOKEN)
        os.chown(path, 0, int(NOBODY))
        path.chmod(0o640)  # as the package has it: root:rollcall
        self.assertEqual([], self.warnings(path, reader=NOBODY))
        self.assertEqual([], self.warnings(path))
        os.chown(path, int(NOBODY), int(NOBODY))
        self.assertRegex(self.warnings(path, reader=NOBODY)[0], r"its group can read it \(mode 0640\): chmod 600 ")

    def test_credentials_of_the_service_manager_are_its_own_affair(self):
        directory = self.directory / "credentials"
        directory.mkdir()
        certificate, key = certificates.make(directory)
        key.chmod(0o644)
        path = self.settings_file(certificates.LISTENERS.format(certificate=certificate, key="credential:server.key"))
        os.environ["CREDENTIALS_DIRECTORY"] = str(directory)
        self.addCleanup(os.environ.pop, "CREDENTIALS_DIRECTORY")
        self.assertEqual([], self.warnings(path))
