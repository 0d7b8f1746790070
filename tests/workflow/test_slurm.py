"""A small review through a real Slurm gives the results of a local run, byte for byte.

The cluster is one node on the loopback, all of it in one folder: munge, slurmctld and slurmd.
Nothing of the machine's own configuration is touched or used. It needs root and Debian's packages
munge, slurmctld, slurmd and slurm-client.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

OPTIONS = ("--workflow-profile", "profiles/slurm", "--slurm-no-account",
           "--slurm-status-command", "squeue", "--latency-wait", "5")  # fmt: skip
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo")
CLIENTS = ("sbatch", "srun", "squeue", "sinfo", "scancel", "scontrol", "sacct")
CONFIGURATION = """
ClusterName=evinet
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={control}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """What keeps Slurm from running here; nothing when it can."""
    absent = [name for name in NEEDED if shutil.which(name, path=_path()) is None]
    return absent if os.geteuid() == 0 else [*absent, "root"]


@contextmanager
def running(folder: Path, processors: int = 2, memory: int = 4000) -> Iterator[str]:
    """Start the cluster in `folder`; gives the PATH on which its commands are found.

    Parameters
    ----------
    folder
        Its path must be short: a socket's name has at most 107 characters.
    processors, memory
        What the node offers, whatever the machine has: the scheduler counts, it does not measure.
        Memory in megabytes.
    """
    for name in ("state", "spool", "munge", "bin"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o755)
    key = folder / "munge/key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    configuration = folder / "slurm.conf"
    control, node = _free_ports()
    configuration.write_text(
        CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            folder=folder,
            control=control,
            node=node,
            processors=processors,
            memory=memory,
        )
    )
    for name in CLIENTS:  # not by SLURM_CONF: job steps start without the variables of Slurm
        real = shutil.which(name, path=_path())
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec env SLURM_CONF={configuration} {real} "$@"\n')
        script.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{_path()}"
    environment = {**os.environ, "PATH": path}
    munge = folder / "munge"
    daemons = [
        ["munged", "--force", "--foreground", f"--socket={munge}/socket", f"--key-file={key}",
         f"--log-file={munge}/log", f"--pid-file={munge}/pid", f"--seed-file={munge}/seed"],
        ["slurmctld", "-D", "-f", str(configuration)],
        ["slurmd", "-D", "-f", str(configuration)],
    ]  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    try:
        for daemon in daemons:
            with (folder / f"{daemon[0]}.out").open("wb") as log:
                started.append(subprocess.Popen(daemon, env=environment, stdout=log, stderr=log))
            if daemon[0] == "munged":
                _wait(lambda: (munge / "socket").exists(), folder)
        _wait(lambda: _idle(environment), folder)
        yield path
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _idle(environment: dict[str, str]) -> bool:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--format=%t"], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return asked.stdout.strip() == "idle"


def _wait(ready, folder: Path, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            logs = [path.read_text(errors="replace")[-2000:] for path in folder.rglob("*.log")]
            raise TimeoutError("Slurm did not start\n" + "\n".join(logs))
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A running cluster: the PATH on which its commands are found."""
    lacking = missing()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(f"Slurm must run in continuous integration, and lacks {lacking}")
    if lacking:
        pytest.skip(f"Slurm cannot run here without {', '.join(lacking)}")
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, running(Path(folder)) as path:
        yield path


def test_slurm_gives_the_same_results_as_a_local_run(cluster, small, finished_small, monkeypatch):
    monkeypatch.setenv("PATH", cluster)
    done = small.snakemake("results/manifest.json", *OPTIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (
        json.loads((run.folder / "results/manifest.json").read_text())["files"]
        for run in (finished_small, small)
    )
    assert len(first) > 50
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert first.keys() == second.keys()
    submitted = [line for line in done.stderr.splitlines() if "submitted with SLURM jobid" in line]
    assert any("/rule_fit/" in line for line in submitted), done.stderr
    assert any("/group_report_" in line for line in submitted), done.stderr
    assert not [line for line in submitted if "extract_trial" in line], "jobs of one second"
