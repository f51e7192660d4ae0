"""A local Ray of two workers, one of which is killed in the middle."""

import os
import signal
import threading
import time

import lorascope
import pytest
from conftest import numbers

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def workers():
    """Processes of Ray that run our tasks."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if line.startswith(b"ray::_part"):
                found.append(int(entry))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="finds the worker in /proc")
def test_a_run_with_a_killed_worker_is_one_run(cluster, layer0):
    ours = lorascope.ray
    base, models = layer0
    killed = []

    def kill():
        while not killed:
            killed.extend(workers()[:1])
            time.sleep(0.002)
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    report = ours.analyze(str(base), {name: str(path) for name, path in models.items()}, tasks=6)
    killer.join(10)
    assert killed, "no worker was seen at work"
    assert numbers(report.json()) == numbers(lorascope.analyze(base, models).json())


def test_tensors_are_refused(layer0):
    from lorascope import ray as ours

    with pytest.raises(lorascope.UsageError, match="paths"):
        ours.analyze({"w": 1}, {"r8": "x"})
