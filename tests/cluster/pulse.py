"""How slow the machine is while a run goes on: what a program waits for a core, and a file for the disk.

Beside the cluster, on the same cores and the same disk, a thread sleeps, works for some milliseconds, and sleeps again, and
once a second writes a small file through to the disk. What that takes longer than it should is recorded, as the most of each second
(history.Delay). The checker adds it to its bounds of time, so that a machine which carries other loads does not make a
run fail; what is promised whatever happens is held to no clock.
"""

import os
import threading
import time

from tests.cluster.history import Delay, boot_time

SLEEP_SECONDS = 0.05
WORK_SECONDS = 0.004  # of CPU
DISK_EVERY = 1.0


def work(seconds):
    """Of this thread's CPU."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(500))


def share_of_a_core(seconds=0.3):
    """That this program gets, before a run: 1 on an idle machine."""
    begin, used = time.monotonic(), time.thread_time()
    work(seconds)
    return (time.thread_time() - used) / (time.monotonic() - begin)


class Pulse(threading.Thread):
    """`add`: takes each Delay. `directory`: on the disk that the nodes and etcd write to."""

    def __init__(self, directory, add):
        super().__init__(daemon=True)
        self._file, self._add, self._end = directory / "pulse", add, threading.Event()
        self.worst = 0.0

    def run(self):
        began, most, disk_at = boot_time(), 0.0, 0.0
        while not self._end.is_set():
            most = max(most, self._beat())
            if boot_time() >= disk_at + DISK_EVERY:
                disk_at = boot_time()
                most = max(most, self._write())
            if boot_time() - began >= 1:
                self._add(Delay(began, boot_time(), most))
                self.worst = max(self.worst, most)
                began, most = boot_time(), 0.0

    @staticmethod
    def _beat():
        begin = boot_time()
        time.sleep(SLEEP_SECONDS)
        used = time.thread_time()
        work(WORK_SECONDS)
        return max(0.0, boot_time() - begin - SLEEP_SECONDS - (time.thread_time() - used))

    def _write(self):
        begin = boot_time()
        with open(self._file, "wb", buffering=0) as file:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
        return boot_time() - begin

    def stop(self):
        self._end.set()
        self.join()
