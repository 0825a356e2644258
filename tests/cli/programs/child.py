"""A program that knows nothing of any registry. What it does is its first argument; it listens on $PORT, says a line for
each signal it gets, and has its PID in the file that $PIDFILE names.

serve      answers HTTP; ends with 0 on SIGTERM or SIGINT
slow       the same, but listens only after a second
hang       ignores SIGTERM and SIGINT
crash N    listens, and after a second ends with exit code N
die N      listens, and after a second kills itself with signal N
sick       as serve, but /healthz is a 500 while the file $SICK is there
orphans    as serve, and leaves two children to init first, one of which has ended
"""

import http.server
import os
import signal
import subprocess
import sys
import threading
import time


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sick = self.path == "/healthz" and os.path.exists(os.environ.get("SICK", ""))
        self.send_response(500 if sick else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def leave_orphans():
    for seconds in ("0.2", "30"):
        subprocess.run(["sh", "-c", f"sleep {seconds} & :"], check=True)


def main():
    deed = sys.argv[1]
    with open(os.environ["PIDFILE"], "w") as file:
        file.write(str(os.getpid()))

    def on_signal(number, _frame):
        os.write(1, f"{signal.Signals(number).name}\n".encode())
        if number in (signal.SIGTERM, signal.SIGINT) and deed != "hang":
            os._exit(0)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(number, on_signal)
    if deed == "slow":
        time.sleep(1)
    if deed == "orphans":
        leave_orphans()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if deed == "crash":
        time.sleep(1)
        os._exit(int(sys.argv[2]))
    if deed == "die":
        time.sleep(1)
        signal.signal(int(sys.argv[2]), signal.SIG_DFL) if int(sys.argv[2]) != signal.SIGKILL else None
        os.kill(os.getpid(), int(sys.argv[2]))
    while True:
        time.sleep(0.2)  # a signal just before a sleep is seen after it


main()
