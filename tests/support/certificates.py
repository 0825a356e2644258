"""Certificates for tests, made when they are needed."""

import time

from tests.support.processes import need_program, run

NAME = "rollcall.test"
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
# DNS over TLS and HTTPS, on ports that the system picks.
LISTENERS = """\
[dns.tls]
listen = ["127.0.0.1:0"]
certificate = "{certificate}"
key = "{key}"
[http.tls]
listen = ["127.0.0.1:0"]
"""


def make(directory, stem="server", name=NAME):
    """The paths of a self-signed certificate and of its key."""
    return _make_self_signed(directory, stem, name, f"subjectAltName=DNS:{name},IP:127.0.0.1")


def make_authority(directory, stem):
    """The paths of a certificate that may sign others, and of its key."""
    return _make_self_signed(directory, stem, stem, "basicConstraints=critical,CA:TRUE")


def sign(directory, authority, name, extension, days=2):
    """The paths of a client's certificate with the common name `name`, and of its key."""
    certificate, key, request = _request(directory, name)
    extensions = directory / f"{name}.ext"
    extensions.write_text(f"{extension}\n" if extension else "")
    _openssl("x509", "-req", "-in", request, "-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial", "-out",
             certificate, "-days", str(days), "-extfile", extensions)
    return certificate, key


AUTHORITY_SETTINGS = """\
[ca]
default_ca = authority
[authority]
database = {directory}/index.txt
new_certs_dir = {directory}
certificate = {certificate}
private_key = {key}
serial = {directory}/serial.txt
default_md = sha256
policy = names
[names]
commonName = supplied
"""


def sign_until(directory, authority, name, end):
    """As `sign`, for a certificate that ends at a moment (seconds since 1970)."""
    certificate, key, request = _request(directory, name)
    settings = directory / "authority.cnf"
    settings.write_text(AUTHORITY_SETTINGS.format(directory=directory, certificate=authority[0], key=authority[1]))
    (directory / "index.txt").write_text("")
    end_text = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end))
    _openssl("ca", "-batch", "-config", settings, "-in", request, "-out", certificate, "-notext", "-rand_serial",
             "-startdate", "20200101000000Z", "-enddate", end_text)
    return certificate, key


def _make_self_signed(directory, stem, name, extension):
    certificate, key = directory / f"{stem}.pem", directory / f"{stem}.key"
    _openssl("req", "-x509", *NEW_KEY, "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
             "-addext", extension)
    return certificate, key


def _request(directory, name):
    """Where the certificate is to be; the key; what is to be signed."""
    certificate, key, request = (directory / f"{name}.{suffix}" for suffix in ("client.pem", "client.key", "csr"))
    _openssl("req", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    return certificate, key, request


def _openssl(*words):
    result = run([need_program("openssl"), *words])
    assert result.returncode == 0, result.stderr
