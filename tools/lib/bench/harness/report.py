"""What came out of a part: figures by case, subject and metric; targets, met or missed; the same as text and as JSON.

    case      what was asked: "A", "SRV", "128 connections"
    subject   who was asked: "rollcalld", "nsd"
    metric    what was counted: "cpu", with a unit
"""

import dataclasses

from bench.harness.rounds import Series

FORMAT_VERSION = 1
COLUMNS_MAX = 5


@dataclasses.dataclass
class Row:
    case: str
    subject: str
    metric: str
    unit: str
    series: Series

    def as_json(self):
        return {"case": self.case, "subject": self.subject, "metric": self.metric, "unit": self.unit,
                "median": self.series.median, "low": self.series.low, "high": self.series.high,
                "values": self.series.values}


@dataclasses.dataclass
class Target:
    """A promise: `value` at most, or at least, `limit`."""
    sentence: str
    value: float
    low: float
    high: float
    unit: str
    limit: float
    is_ceiling: bool

    @property
    def is_met(self):
        return self.value <= self.limit if self.is_ceiling else self.value >= self.limit

    def as_json(self):
        return {"sentence": self.sentence, "value": self.value, "low": self.low, "high": self.high, "unit": self.unit,
                "limit": self.limit, "is_ceiling": self.is_ceiling, "is_met": self.is_met}


class Report:
    def __init__(self, part, summary, machine=None, settings=None):
        self.part = part
        self.name = part  # of the files; a part that measures something else by its arguments says so here
        self.summary = summary
        self.machine = machine or {}
        self.settings = settings or {}
        self.rows = []
        self.targets = []
        self.notes = []

    # --- filling it ---

    def add(self, case, taken, units):
        """`taken`: {subject: {metric: Series}} as rounds.in_turn returns it; `units`: {metric: unit}, others are left out."""
        for subject, metrics in taken.items():
            for metric, unit in units.items():
                if metric in metrics:
                    self.rows.append(Row(case, subject, metric, unit, metrics[metric]))

    def add_values(self, case, subject, metric, values, unit):
        """One figure, a value each round."""
        self.rows.append(Row(case, subject, metric, unit, Series(values)))

    def series(self, case, subject, metric):
        for row in self.rows:
            if (row.case, row.subject, row.metric) == (case, subject, metric):
                return row.series
        raise KeyError(f"{case}, {subject}, {metric}")

    def has(self, case, subject):
        return any((row.case, row.subject) == (case, subject) for row in self.rows)

    def ratio(self, sentence, case, metric, subject, to, at_most=None, at_least=None, to_case=None):
        """A target for subject's figure over that of `to` (in `to_case`, else in the same case)."""
        found = self.series(case, subject, metric) / self.series(to_case or case, to, metric)
        self._promise(f"{sentence}, {subject} / {to}", found.median, found.low, found.high, "×", at_most, at_least)

    def bound(self, sentence, values, unit, at_most=None, at_least=None):
        """A target for a figure itself, a value each round."""
        series = Series(values)
        self._promise(sentence, series.median, series.low, series.high, unit, at_most, at_least)

    def note(self, sentence):
        """What a reader of the figures must know."""
        self.notes.append(sentence)

    def _promise(self, sentence, value, low, high, unit, at_most, at_least):
        limit = at_most if at_least is None else at_least
        self.targets.append(Target(sentence, value, low, high, unit, limit, at_least is None))

    # --- reading it ---

    def as_json(self):
        return {"format": FORMAT_VERSION, "part": self.part, "name": self.name, "summary": self.summary, "machine": self.machine,
                "settings": self.settings, "rows": [row.as_json() for row in self.rows],
                "targets": [target.as_json() for target in self.targets], "notes": self.notes}


def number(value):
    """Four digits that matter; whole numbers in groups of three."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def figure(row):
    """The median, and from where to where where there were several rounds."""
    spread = f" ({number(row['low'])}–{number(row['high'])})" if len(row["values"]) > 1 else ""
    return number(row["median"]) + spread


def lines(report):
    """The report's text. `report`: as_json()."""
    yield f"{report['part']}: {report['summary']}"
    for case in dict.fromkeys(row["case"] for row in report["rows"]):
        yield from _case([row for row in report["rows"] if row["case"] == case])
    if report["targets"]:
        yield "  targets"
    for target in report["targets"]:
        wanted = f"{'≤' if target['is_ceiling'] else '≥'} {number(target['limit'])} {target['unit']}"
        found = f"{number(target['value'])} {target['unit']}"
        spread = f"{number(target['low'])}–{number(target['high'])}"
        yield f"    {'met   ' if target['is_met'] else 'MISSED'} {target['sentence']:<58} {found:>14}   {wanted:<16} {spread}"
    for note in report["notes"]:
        yield f"  {note}"


def _case(rows):
    """A table: a line for each subject, a column for each metric; or the other way round where one subject has many."""
    subjects, metrics = ordered(row["subject"] for row in rows), ordered((row["metric"], row["unit"]) for row in rows)
    cells = {(row["subject"], (row["metric"], row["unit"])): figure(row) for row in rows}
    titles = {metric: ", ".join(metric) for metric in metrics}
    if len(metrics) <= COLUMNS_MAX:
        table = [[rows[0]["case"], *titles.values()]]
        table += [[f"  {subject}", *(cells.get((subject, metric), "") for metric in metrics)] for subject in subjects]
    else:
        table = [[rows[0]["case"], *subjects]]
        table += [[f"  {titles[metric]}", *(cells.get((subject, metric), "") for subject in subjects)] for metric in metrics]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for name, *others in table:
        yield ("  " + name.ljust(widths[0]) + "".join(f"   {cell:>{width}}" for cell, width in zip(others, widths[1:]))).rstrip()


def ordered(items):
    """Each once, in the order of their first coming."""
    return list(dict.fromkeys(items))
