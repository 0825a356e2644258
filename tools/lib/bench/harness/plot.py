"""A report as a picture: one panel a metric, one bar a case and subject, whiskers from the lowest round to the highest. SVG."""

from xml.sax.saxutils import escape

from bench.harness.report import number

WIDTH, MARGIN, LABEL, VALUE = 920, 16, 300, 130
BAR, GAP, CASE_GAP, HEAD = 14, 6, 10, 34
OURS, THEIRS, INK, FAINT = "#b5402a", "#8d99a6", "#22282e", "#59636d"
OUR_NAMES = ("rollcalld", "rollcall")


def svg(report):
    """`report`: Report.as_json(). Panels stand in the order in which the metrics came."""
    metrics = list(dict.fromkeys((row["metric"], row["unit"]) for row in report["rows"]))
    pieces, y = [_text(MARGIN, 26, report["name"], 15, INK, "bold"), _text(MARGIN, 44, report["summary"], 11, FAINT)], 56
    for metric, unit in metrics:
        rows = [row for row in report["rows"] if (row["metric"], row["unit"]) == (metric, unit)]
        panel, y = _panel(metric, unit, rows, y)
        pieces += panel
    machine = report["machine"]
    pieces.append(_text(MARGIN, y + 14, f"{machine.get('processor', '')}, {machine.get('cores', '?')} cores; medians, "
                                        "whiskers from the lowest round to the highest", 11, FAINT))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 28}" width="{WIDTH}" height="{y + 28}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>{"".join(pieces)}</svg>\n')


def _panel(metric, unit, rows, y):
    """(pieces, y below them)"""
    pieces = [_text(MARGIN, y + 18, f"{metric}, {unit}", 13, INK, "bold")]
    y += HEAD
    longest = max(row["high"] for row in rows) or 1.0
    scale = (WIDTH - 2 * MARGIN - LABEL - VALUE) / longest
    case = rows[0]["case"]
    for row in rows:
        if row["case"] != case:
            case, y = row["case"], y + CASE_GAP
        pieces += _bar(row, y, scale)
        y += BAR + GAP
    return pieces, y + CASE_GAP


def _bar(row, y, scale):
    left, middle = MARGIN + LABEL, y + BAR / 2
    colour = OURS if row["subject"].startswith(OUR_NAMES) else THEIRS
    low, high = left + row["low"] * scale, left + row["high"] * scale
    return [
        _text(left - 8, y + BAR - 3, f"{row['case']} · {row['subject']}", 12, INK, anchor="end"),
        f'<rect x="{left}" y="{y}" width="{max(1.0, row["median"] * scale):.1f}" height="{BAR}" fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6" stroke="{INK}"/>',
        _text(high + 6, y + BAR - 3, number(row["median"]), 12, INK),
    ]


def _text(x, y, words, size, colour, weight="normal", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" font-weight="{weight}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')
