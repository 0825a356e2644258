"""NGINX behind `rollcall template`, as docs/server-side.md has it, with requests running through meanwhile."""

from tests.interop.proxied import ProxiedService, block_of
from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program
from tests.support.cli import ROLLCALL, need_rollcall

TEMPLATE = REPOSITORY / "templates/nginx.conf.tmpl"
# The parts of nginx.conf around what the document shows; everything in the test's own directory.
MAIN = """\
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
worker_processes 2;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/t1;
    proxy_temp_path {directory}/t2;
    fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4;
    scgi_temp_path {directory}/t5;
    include {directory}/rollcall.conf;
{server}
}}
"""


class NginxUnderTrafficTest(ProxiedService, Case):
    def setUp(self):
        need_rollcall()
        self.program = need_program("nginx")
        super().setUp()

    def start_proxy(self, port):
        server = block_of(REPOSITORY / "docs/server-side.md", "nginx").replace(":8080", f":{port}")
        (self.directory / "nginx.conf").write_text(MAIN.format(directory=self.directory, server=server))
        nginx = f"{self.program} -e {self.directory}/nginx.log -p {self.directory} -c nginx.conf"
        out = self.directory / "rollcall.conf"
        # Until NGINX runs there is nothing to reload.
        command = f"{nginx} -t -q && ( ! test -e {self.directory}/nginx.pid || {nginx} -s reload )"
        self.start("template", [ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "template",
                                f"{TEMPLATE}:{out}:{command}"])
        self.eventually(out.exists, "the first file")
        self.start("nginx", nginx.split())
