"""Whatever opens a file descriptor says in the same call that no command inherits it."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A call, and the flag that must stand in its arguments; None: the call has no such flag, and another one is to be used.
CALLS = {
    r"(?<![\w.>:])(?:::)?socket\((?=[^)]*,)": "SOCK_CLOEXEC",
    r"\baccept4\(": "SOCK_CLOEXEC",
    r"(?<![\w.>])::open(?:at)?\(": "O_CLOEXEC",
    r"\bmkostemps?\(": "O_CLOEXEC",
    r"\beventfd\(": "EFD_CLOEXEC",
    r"\bsignalfd\(": "SFD_CLOEXEC",
    r"\btimerfd_create\(": "TFD_CLOEXEC",
    r"\bepoll_create1\(": "EPOLL_CLOEXEC",
    r"\binotify_init1\(": "IN_CLOEXEC",
    r"\bmemfd_create\(": "MFD_CLOEXEC",
    r"\bpipe2\(": "O_CLOEXEC",
    r"\bfopen\(": '"[a-z+]*e',
    r"(?<!\w)::accept\(|\basync_accept\(|\bacceptor\w*\.accept\(": None,  # Asio's does not say it: accept4
    r"\w+_?(?:\.|->)open\([^)]*\bprotocol\(\)": None,  # Asio's either: open_private
    r"\b(?:pipe|dup|dup2|mkstemp|epoll_create|inotify_init|popen)\(": None,
}


def statement_at(text, start):
    """From `start` to the end of the statement."""
    end = text.find(";", start)
    return text[start:end]


def wrong_calls(text):
    text = re.sub(r"//[^\n]*", "", text)
    for call, flag in CALLS.items():
        for found in re.finditer(call, text):
            said = statement_at(text, found.start())
            if flag is None or not re.search(flag, said):
                yield said.split("\n")[0]


class CloseOnExec(unittest.TestCase):
    def test_what_opens_a_descriptor_says_that_no_command_inherits_it(self):
        wrong = []
        for top in ("src", "tools/rollcall"):
            for path in sorted((ROOT / top).rglob("*")):
                if path.suffix in {".h", ".cc"}:
                    wrong += [f"{path.relative_to(ROOT)}: {call}" for call in wrong_calls(path.read_text())]
        self.assertEqual([], wrong)

    def test_the_reader_is_not_blind(self):
        for call in ("int fd = ::socket(AF_INET, SOCK_STREAM, 0);", "socket_.open(peer.protocol(), error);",
                     "co_await acceptor_.async_accept(home.context(), done);", "::open(path, O_RDONLY);",
                     'fopen(path, "r");', "dup(1);", "::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);"):
            self.assertEqual(1, len(list(wrong_calls(call))), call)
        for call in ("::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);", "asio::ip::tcp::socket socket(context);",
                     "open_private(socket_, peer.protocol(), error);", 'fopen(path, "re");'):
            self.assertEqual([], list(wrong_calls(call)), call)


if __name__ == "__main__":
    unittest.main()
