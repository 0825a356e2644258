"""Draws docs/rollcall.svg, the picture of the README: who calls in, what is kept, who asks.

    picture.py [FILE]      writes FILE, else docs/rollcall.svg

The file is in the repository; tests/house/test_picture.py holds it to what this program draws.
"""

import sys
from pathlib import Path
from xml.sax.saxutils import escape

FILE = Path(__file__).resolve().parents[2] / "docs/rollcall.svg"
WIDTH, HEIGHT = 860, 330
STYLE = """
  .box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2 }
  .server { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.6 }
  .gone { fill: #ffffff; stroke: #8c959f; stroke-width: 1.2; stroke-dasharray: 4 4 }
  .line { fill: none; stroke: #57606a; stroke-width: 1.4 }
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .name { font-weight: 600 }
  .small { font-size: 11.5px; fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .box { fill: #212830; stroke: #9198a1 }
    .server { fill: #0c2d4a; stroke: #4493f8 }
    .gone { fill: #151b23; stroke: #656c76 }
    .line { stroke: #9198a1 }
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
  }
"""


def text(x, y, words, kind="", anchor="middle"):
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def box(x, y, width, height, name, lines=(), kind="box"):
    """A box with its name, and smaller lines below the name."""
    middle = x + width / 2
    first = y + height / 2 + 4.5 - 8 * len(lines)
    drawn = [f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>',
             text(middle, first, name, "name")]
    drawn += [text(middle, first + 17 * (place + 1), line, "small") for place, line in enumerate(lines)]
    return drawn


def arrow(points, words=None, above=7):
    """A line through the points with a head at its end, and words above the middle of its first part."""
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    drawn = [f'<path class="line" d="{path}" marker-end="url(#head)"/>']
    if words:
        (x1, y1), (x2, y2) = points[0], points[1]
        drawn.append(text((x1 + x2) / 2, (y1 + y2) / 2 - above, words, "small"))
    return drawn


def picture():
    shapes = [
        *box(20, 40, 150, 50, "web-1", ["192.0.2.10:8080"]),
        *box(20, 120, 150, 50, "web-2", ["192.0.2.11:8080"]),
        *box(20, 200, 150, 50, "web-3", ["no heartbeat for 15 s"], "gone"),
        *arrow([(170, 65), (345, 65), (345, 95)], "POST /v1/heartbeat"),
        *arrow([(170, 145), (308, 145)], "every 5 s"),
        *box(310, 97, 220, 106, "rollcalld", ["the roll, in memory", "answers made when it changes", "no lock, no disk, for a query"],
             "server"),
        *box(330, 252, 180, 48, "rollcall.db", ["SQLite: who is on the roll"]),
        *arrow([(420, 203), (420, 250)]),
        text(430, 232, "each change, before its 2xx", "small", "start"),
        *box(690, 20, 150, 50, "dig, getaddrinfo", ["A, AAAA"]),
        *box(690, 96, 150, 50, "HAProxy, Envoy", ["SRV: with the port"]),
        *box(690, 172, 150, 50, "Prometheus", ["DNS, or as a Consul"]),
        *box(690, 248, 150, 50, "your resolver", ["unbound, CoreDNS …"]),
        *arrow([(690, 45), (610, 45), (610, 115), (532, 115)]),
        *arrow([(690, 121), (640, 121), (640, 138), (532, 138)]),
        *arrow([(690, 197), (640, 197), (640, 161), (532, 161)]),
        *arrow([(690, 273), (610, 273), (610, 184), (532, 184)]),
        text(545, 103, "DNS", "small", "start"),
        text(20, 282, "Its lease has ended: no answer", "small", "start"),
        text(20, 298, "has it from that millisecond on.", "small", "start"),
    ]
    body = "\n".join("  " + shape for shape in shapes)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-label="Instances send heartbeats to rollcalld, which answers DNS clients">\n'
            f"<style>{STYLE}</style>\n"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path class="line" d="M1 1 L7 4 L1 7"/></marker></defs>\n'
            f"{body}\n</svg>\n")


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_text(picture())
