"""Tables of docs/performance.md, made from the recorded results.

    <!-- results: dns -->          what stands between the two lines is replaced by the tables of bench/results/dns.json
    <!-- end of results -->
"""

import json
import re

from bench.harness.report import number

PLACE = re.compile(r"(<!-- results: ([\w-]+) -->\n)(.*?)(<!-- end of results -->\n)", re.S)
NOTHING = "Not recorded yet.\n"


def fill(document, directory):
    """The document's text with the tables of the results in `directory`."""
    def tables(found):
        file = directory / f"{found[2]}.json"
        text = markdown(json.loads(file.read_text())) if file.exists() else NOTHING
        return f"{found[1]}{text}{found[4]}"
    return PLACE.sub(tables, document)


def markdown(report):
    """Targets first, then the figures: a line for each case and subject, a column for each metric."""
    pieces = []
    if report["targets"]:
        pieces.append(_targets(report["targets"]))
    if report["rows"]:
        pieces.append(_figures(report["rows"]))
    pieces += [f"{note}\n" for note in report["notes"]]
    machine = report["machine"]
    pieces.append(f"Measured on {machine['cores']} cores of {machine['processor']}, Linux {machine['kernel']}, at commit "
                  f"{machine['commit']}.\n")
    return "\n".join(pieces)


def _targets(targets):
    lines = ["| target | wanted | found | rounds | |", "|---|---|---|---|---|"]
    for target in targets:
        unit = "" if target["unit"] == "×" else f" {target['unit']}"
        wanted = f"{'≤' if target['is_ceiling'] else '≥'} {number(target['limit'])}{unit}"
        spread = f"{number(target['low'])} – {number(target['high'])}"
        verdict = "met" if target["is_met"] else "**missed**"
        lines.append(f"| {target['sentence']} | {wanted} | {number(target['value'])}{unit} | {spread} | {verdict} |")
    return "\n".join(lines) + "\n"


def _figures(rows):
    metrics = list(dict.fromkeys((row["metric"], row["unit"]) for row in rows))
    cells = {(row["case"], row["subject"], row["metric"], row["unit"]): row for row in rows}
    lines = ["| | " + " | ".join(f"{metric}, {unit}" for metric, unit in metrics) + " |", "|---" * (len(metrics) + 1) + "|"]
    for case, subject in dict.fromkeys((row["case"], row["subject"]) for row in rows):
        line = [f"{case}, {subject}"]
        for metric, unit in metrics:
            row = cells.get((case, subject, metric, unit))
            line.append(number(row["median"]) if row else "")
        lines.append("| " + " | ".join(line) + " |")
    return "\n".join(lines) + "\n"
