"""Settings of Knot and NSD as authoritative servers on 127.0.0.1, for tests and benchmarks.

`directory` is the server's own; `zones`: name -> file. Nothing is written outside the directory, and nothing is signed.
"""

KNOT = """\
server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
    udp-workers: {workers}
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{directory}"
log:
  - target: stderr
    any: {log}
"""
KNOT_ZONES = """\
template:
  - id: default
    zonefile-sync: -1
    journal-content: none
{template}zone:
"""
NSD = """\
server:
    ip-address: 127.0.0.1@{port}
    server-count: {workers}
    username: ""
    chroot: ""
    database: ""
    pidfile: ""
    zonelistfile: "{directory}/nsd.list"
    xfrdfile: "{directory}/nsd.xfrd"
    zonesdir: "{directory}"
{server}remote-control:
    control-enable: no
"""


def knot_server(directory, port, workers=1, log="error"):
    """The sections that every Knot has; others may follow."""
    return KNOT.format(directory=directory, port=port, workers=workers, log=log)


def knot(directory, port, zones, workers=1, sections="", template=""):
    """A Knot that serves files. `sections`: more of them; `template`: more lines for every zone."""
    text = knot_server(directory, port, workers) + sections + KNOT_ZONES.format(template=template)
    return text + "".join(f'  - domain: {zone}\n    file: "{file}"\n' for zone, file in zones.items())


def nsd_server(directory, port, workers=1, server=""):
    """The sections that every NSD has; `server`: more lines of the first."""
    return NSD.format(directory=directory, port=port, workers=workers, server=server)


def nsd(directory, port, zones, workers=1, server=""):
    """An NSD that serves files, and limits no client."""
    text = nsd_server(directory, port, workers, "    rrl-ratelimit: 0\n" + server)
    return text + "".join(f'zone:\n    name: "{zone}"\n    zonefile: "{file}"\n' for zone, file in zones.items())
