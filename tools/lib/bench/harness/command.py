"""tools/bench: measures this server beside its peers, on this machine.

Each part prints its figures (medians of the rounds, and their spread) and the targets they meet or miss, and leaves PART.json and
PART.svg in the directory for results. A part may have arguments of its own, in quotes: "checks --count 5000", or behind it where
it is the only one. `tools/bench PART --help` lists them.
"""

import argparse
import ast
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.harness import machine, plot, report, run, servers, tables

PARTS = Path(__file__).resolve().parents[1]
RECORDED = run.ROOT / "bench/results"
DOCUMENT = run.ROOT / "docs/performance.md"
ALL = "all"
BUILD_TARGETS = ("rollcalld",)
# What a measurement may end with; anything else is a mistake of ours and shows its trace.
FAILURES = (AssertionError, OSError, servers.Missing, subprocess.SubprocessError)


class Refusal(Exception):
    """One sentence; exit 2."""


def part_names():
    return sorted(file.stem for file in PARTS.glob("*.py") if not file.name.startswith("_"))


def summary(part):
    """The first line of the part's own text."""
    return ast.get_docstring(ast.parse((PARTS / f"{part}.py").read_text())).splitlines()[0]


def default_directory():
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "rollcall/bench"


def common_parser():
    listing = "\n".join(f"  {part:<11} {summary(part)}" for part in part_names())
    parser = argparse.ArgumentParser(
        prog="tools/bench", usage="tools/bench PART… [options]", description=__doc__.strip(), add_help=False,
        allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"parts:\n{listing}\n  {ALL:<11} every one of them")
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure; below")
    parser.add_argument("-h", "--help", action="store_true", help="this, or a part's own arguments")
    parser.add_argument("--rounds", type=rounds, metavar="N", help="how often each is measured; each part has its own default")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", type=Path, metavar="DIR", help=f"where results go; {default_directory()} unless said")
    place.add_argument("--record", action="store_true",
                       help="results go into bench/results, and from there into docs/performance.md")
    parser.add_argument("--tables", action="store_true",
                        help="measures nothing: writes the tables of docs/performance.md from bench/results")
    return parser


def rounds(text):
    """One at least: a median wants a value."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return int(text)


def part_parser(name, module):
    parser = argparse.ArgumentParser(prog=f"tools/bench {name}", description=module.__doc__.strip(), allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=rounds, default=getattr(module, "ROUNDS", run.DEFAULT_ROUNDS), metavar="N",
                        help="how often each is measured (%(default)s)")
    if hasattr(module, "options"):
        module.options(parser)
    return parser


def load(word):
    """(part, its module, its words) of "checks --count 5000"."""
    name, *words = word.split() or [""]
    if name not in part_names():
        raise Refusal(f"there is no part \"{name}\"; there are {', '.join(part_names())} and {ALL}")
    return name, importlib.import_module(f"bench.{name}"), words


def chosen(parts, rest, for_all):
    """[(part, module, arguments)]; `rest`: words behind a part that are its own; `for_all`: what every part is told."""
    found = []
    for word in part_names() if parts == [ALL] else parts:
        name, module, words = load(word)
        variants = getattr(module, "VARIANTS", [()]) if parts == [ALL] else [()]
        found += [(name, module, [*for_all, *words, *variant]) for variant in variants]
    if rest and len(parts) != 1:
        raise Refusal(f"whose is {rest[0]}? A part's arguments stand with it in quotes where there are several")
    return [(name, module, part_parser(name, module).parse_args(words + rest)) for name, module, words in found]


def prepare(work):
    """Everything is installed and built before anything is measured."""
    tools = run.ROOT / "tools"
    groups = dict.fromkeys(group for _, module, _ in work for group in getattr(module, "GROUPS", ()))
    subprocess.run([tools / "install", "build", "demo", "bench", *groups], check=True)
    targets = dict.fromkeys(target for _, module, _ in work for target in getattr(module, "TARGETS", BUILD_TARGETS))
    if os.environ.get("ROLLCALLD"):
        targets.pop("rollcalld", None)
        targets.pop("rollcall_etcd", None)  # it is beside that one
    if targets:
        subprocess.run([tools / "build", "release", *targets], check=True)


def keep(result, directory):
    directory.mkdir(parents=True, exist_ok=True)
    name = result["name"]
    (directory / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False, default=str) + "\n")
    (directory / f"{name}.svg").write_text(plot.svg(result))
    print(f"  kept in {directory}/{name}.json and .svg", flush=True)


def measure(name, module, arguments, place, directory):
    """The part's exit status: 0, or what it says itself."""
    with run.Run(name, summary(name), arguments, place) as one:
        status = module.measure(one) or 0
        result = one.report.as_json()
    print("\n".join(report.lines(result)), flush=True)
    keep(result, directory)
    return status


def write_tables():
    DOCUMENT.write_text(tables.fill(DOCUMENT.read_text(), RECORDED))


def main(words):
    parser = common_parser()
    wanted, rest = parser.parse_known_args(words)
    if wanted.tables:
        write_tables()
        return 0
    if not wanted.parts:
        parser.print_help()
        return 0 if wanted.help else 2
    if wanted.help:
        rest = ["--help"]
    work = chosen(wanted.parts, rest, ["--rounds", str(wanted.rounds)] if wanted.rounds else [])
    prepare(work)
    place = machine.describe(run.ROOT)
    directory = RECORDED if wanted.record else (wanted.out or default_directory()).absolute()
    status = 0
    for name, module, arguments in work:
        try:
            status = max(status, measure(name, module, arguments, place, directory))
        except FAILURES as failure:
            print(f"tools/bench: {name}: {failure}", file=sys.stderr)
            status = 1
    if wanted.record:
        write_tables()
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        print(f"tools/bench: {refusal}", file=sys.stderr)
        sys.exit(2)
    except subprocess.CalledProcessError:
        sys.exit(1)  # tools/install or tools/build has said why
    except KeyboardInterrupt:
        sys.exit(130)
