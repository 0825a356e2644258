"""The command line under test, `rollcall`: $ROLLCALL, else build/release/bin/rollcall beside the server under test."""

import os
import pathlib
import unittest

from tests.support.rollcall import BINARY

TOOL = pathlib.Path(os.environ.get("ROLLCALL") or BINARY.parent / "rollcall").absolute()


def need_tool():
    if not TOOL.exists():
        raise unittest.SkipTest(f"{TOOL} has not been built")
