"""podman and buildah with a storage of their own, set so that they run where the machine is a container itself: without systemd, with
any kind of cgroups, and without the right to raise limits."""

import pathlib
import resource
import shutil
import subprocess

from tests.support.processes import environment, find_program, need_program, run

STORAGE = """\
[storage]
driver = "{driver}"
graphroot = "{top}/storage"
runroot = "{top}/run"
"""
SETTINGS = """\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
[engine]
runtime = "{runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{top}/tmp"
static_dir = "{top}/static"
volume_path = "{top}/volumes"
"""
FILES_MAX, PROCESSES_MAX = 16384, 4096


def least(limit, most):
    hard = resource.getrlimit(limit)[1]
    return most if hard == resource.RLIM_INFINITY else min(hard, most)


class Containers:
    """In `top`, which close() removes with everything in it."""

    def __init__(self, top):
        self.podman = need_program("podman")
        need_program("buildah")
        self.top = pathlib.Path(top)
        self._remove()  # what a run that was killed has left
        self.top.mkdir(parents=True)
        # runc knows cgroups of both kinds side by side, crun does not.
        runtime = next((name for name in ("runc", "crun") if find_program(name)), None) or need_program("runc")
        (self.top / "storage.conf").write_text(STORAGE.format(top=self.top, driver=self._driver()))
        (self.top / "containers.conf").write_text(SETTINGS.format(
            top=self.top, runtime=runtime, files=least(resource.RLIMIT_NOFILE, FILES_MAX),
            processes=least(resource.RLIMIT_NPROC, PROCESSES_MAX)))
        self.environment = environment(CONTAINERS_STORAGE_CONF=str(self.top / "storage.conf"), BUILDAH_ISOLATION="chroot",
                                       CONTAINERS_CONF=str(self.top / "containers.conf"))

    def _driver(self):
        """overlay; vfs, which copies every layer, where the directory is on a file system that cannot have overlays on it."""
        lower, upper, work, merged = (self.top / name for name in ("lower", "upper", "work", "merged"))
        for directory in (lower, upper, work, merged):
            directory.mkdir()
        words = f"lowerdir={lower},upperdir={upper},workdir={work}"
        works = run(["unshare", "--mount", "mount", "-t", "overlay", "none", "-o", words, merged]).returncode == 0
        for directory in (lower, upper, work, merged):
            shutil.rmtree(directory)
        return "overlay" if works else "vfs"

    def ask(self, *words, timeout=60, **more):
        """podman; the result has returncode, stdout and stderr."""
        return run([self.podman, *words], timeout=timeout, env=self.environment, **more)

    def expect(self, *words, **more):
        """podman, which must succeed; its output."""
        done = self.ask(*words, **more)
        assert done.returncode == 0, f"podman {' '.join(map(str, words))}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def close(self):
        self.ask("rm", "--all", "--force", "--time", "0")
        self._remove()

    def _remove(self):
        subprocess.run(["umount", "--lazy", self.top / "storage/overlay"], capture_output=True)
        shutil.rmtree(self.top, ignore_errors=True)
