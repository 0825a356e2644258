"""The peers, from Debian, each set for its best at what it is compared in: one worker, no log, nothing that we do not do either.

Each of these is `peer(directory, …, core=None)` and returns a running Server that answers; `with` stops it. Zones are
{name: path of the file}.
"""

import socket
import urllib.request

from bench.harness.servers import Server, program
from tests.support import authorities
from tests.support.processes import free_port

NSD = """\
    reuseport: yes
    verbosity: 0
    minimal-responses: {minimal}
    refuse-any: yes
"""
BIND = """\
options {{
    directory "{directory}"; pid-file none; session-keyfile none; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; minimal-responses no-auth; notify no; querylog no; dnssec-validation no; rate-limit {{ responses-per-second 0; }};
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
"""
NGINX = """\
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 65536; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{ listen 127.0.0.1:{port} reuseport backlog=65535; location / {{ return 204; }} }}
}}
"""


def _dns_server(name, command, directory, port, zones, core):
    server = Server(name, command, directory, {"dns": port}, core)
    try:
        for apex in zones:
            server.wait_until(lambda: answers(port, apex), f"answers for {apex}")
    except BaseException:
        server.kill()
        raise
    return server


def answers(port, apex):
    """Whether the server at this port answers the SOA question for the zone with a record."""
    name = b"".join(bytes([len(label)]) + label for label in apex.encode().strip(b".").split(b".")) + b"\0"
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(0.2)
        try:
            udp.send(b"\1\1\0\0\0\1\0\0\0\0\0\0" + name + b"\0\6\0\1")
            reply = udp.recv(65535)
        except OSError:
            return False
    return reply[3] & 15 == 0 and reply[6:8] != b"\0\0"


def nsd(directory, zones, minimal="yes", workers=1, core=None, name="nsd"):
    directory.mkdir()
    port = free_port()
    text = authorities.nsd(directory, port, zones, workers, NSD.format(minimal=minimal))
    (directory / "nsd.conf").write_text(text)
    return _dns_server(name, [program("nsd"), "-d", "-c", directory / "nsd.conf"], directory, port, zones, core)


def knot(directory, zones, workers=1, core=None):
    directory.mkdir()
    port = free_port()
    absolute = {f"{apex}.": file for apex, file in zones.items()}
    (directory / "knot.conf").write_text(authorities.knot(directory, port, absolute, workers))
    return _dns_server("knot", [program("knotd"), "-c", directory / "knot.conf"], directory, port, zones, core)


def bind(directory, zones, workers=1, core=None):
    directory.mkdir()
    port = free_port()
    text = BIND.format(directory=directory, port=port)
    text += "".join(f'zone "{apex}" {{ type primary; file "{file}"; }};\n' for apex, file in zones.items())
    (directory / "named.conf").write_text(text)
    command = [program("named"), "-f", "-n", str(workers), "-c", directory / "named.conf"]
    return _dns_server("bind", command, directory, port, zones, core)


def nginx(directory, core=None):
    """An empty 204 to every request."""
    directory.mkdir()
    port = free_port()
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port))
    command = [program("nginx"), "-p", directory, "-e", "stderr", "-c", directory / "nginx.conf"]
    server = Server("nginx", command, directory, {"http": port}, core)
    server.wait_until(lambda: _accepts(port), "accepts a connection")
    return server


def nginx_with(directory, body, core=None):
    """A file at /body, as JSON; sent with sendfile from the page cache."""
    directory.mkdir()
    (directory / "body").write_bytes(body)
    port = free_port()
    served = f"location / {{ root {directory}; default_type application/json; sendfile on; open_file_cache max=10; }}"
    text = NGINX.replace("location / {{ return 204; }}", "SERVED").format(directory=directory, port=port)
    (directory / "nginx.conf").write_text("user root;\n" + text.replace("SERVED", served))
    command = [program("nginx"), "-p", directory, "-e", "stderr", "-c", directory / "nginx.conf"]
    server = Server("nginx", command, directory, {"http": port}, core)
    server.wait_until(lambda: _accepts(port), "accepts a connection")
    return server


def etcd(directory, core=None):
    """One member, HTTP gateway on http_port (POST /v3/…); its data in `directory`."""
    directory.mkdir()
    port, peer_port = free_port(), free_port()
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    command = [program("etcd"), "--data-dir", directory / "data", "--listen-client-urls", client, "--advertise-client-urls",
               client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
               f"default={peer}", "--log-level", "error"]
    server = Server("etcd", command, directory, {"http": port}, core)
    server.wait_until(lambda: _is_healthy(client), "is healthy")
    return server


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def _is_healthy(url):
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
            return b"true" in answer.read()
    except OSError:
        return False
