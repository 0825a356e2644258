"""Certificates for tests, made when they are needed."""

from tests.support.processes import need_program, run

NAME = "rollcall.test"


def make(directory, stem="server", name=NAME):
    """The paths of a self-signed certificate and of its key."""
    openssl = need_program("openssl")
    certificate, key = directory / f"{stem}.pem", directory / f"{stem}.key"
    result = run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
                  "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"])
    assert result.returncode == 0, result.stderr
    return certificate, key
