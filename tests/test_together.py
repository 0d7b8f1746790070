"""Files of a run appear together: of two runs never a part of each, wherever one is killed."""

import os
from pathlib import Path

import pytest
from benchmarks import figures
from click.testing import CliRunner

from evinet import files, usertable
from evinet.cli import cli
from evinet.errors import InputError, OutputError

OLD = {"a.csv": "old", "b.csv": "old", "stale.csv": "old", "figures/c.svg": "old"}
NEW = {"a.csv": "new", "b.csv": "new", "d.csv": "new", "figures/e.svg": "new"}
MINE = {"mine.csv": "mine", "figures/mine.svg": "mine"}
STEPS = ("replace", "unlink", "write_text")
MAY_WRITE = [*OLD, *NEW]


def write(folder: Path, content: dict[str, str], may_write: list[str] | None = None) -> None:
    with files.together(folder, may_write):
        for name, text in content.items():
            files.write_text(folder / name, text)


def shown(folder: Path) -> dict[str, str]:
    """The files that a person sees, but for the mark."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name[0] != "." and path.name != files.UNFINISHED
    }


def killed_at(step: int, folder: Path, may_write: list[str] | None) -> bool:
    """Whether a process that writes NEW was killed before a step on files; else it got through."""
    child = os.fork()
    if child == 0:  # pragma: no cover
        left = [step]

        def dying(method):
            def call(*args, **kwargs):
                if left[0] == 0:
                    os._exit(9)
                left[0] -= 1
                return method(*args, **kwargs)

            return call

        for name in STEPS:
            setattr(Path, name, dying(getattr(Path, name)))
        write(folder, NEW, may_write)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("may_write", [None, MAY_WRITE])
def test_a_kill_at_any_step_mixes_no_two_runs(tmp_path, may_write):
    steps = unfinished = 0
    while True:
        folder = tmp_path / str(steps)
        write(folder, OLD, may_write)
        for name, text in MINE.items():
            (folder / name).write_text(text)
        killed = killed_at(steps, folder, may_write)
        left = shown(folder)
        assert {name: left.pop(name) for name in MINE} == MINE
        assert set(left.values()) <= {"old"} or set(left.values()) <= {"new"}
        if left not in (OLD, NEW):
            unfinished += 1
            for name in left:
                with pytest.raises(InputError, match="was stopped"):
                    usertable.cells(folder / name)
        write(folder, NEW, may_write)
        assert shown(folder) == {**NEW, **MINE}
        assert not list(folder.rglob(files.UNFINISHED))
        assert not list(folder.rglob(".evinet-*.tmp"))
        files.finished(folder / "a.csv")
        if not killed:
            break
        steps += 1
    assert steps > 10
    assert unfinished > 4


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", range(7))
def test_where_putting_in_place_fails_the_earlier_files_come_back(
    tmp_path, monkeypatch, error, step
):
    write(tmp_path, OLD)
    rename, calls = Path.replace, []

    def failing(self, target):
        calls.append(target)
        if len(calls) == step + 1:
            raise error
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        with pytest.raises((OutputError, KeyboardInterrupt)):
            write(tmp_path, NEW)
    assert shown(tmp_path) == OLD
    assert not list(tmp_path.rglob(files.UNFINISHED))
    write(tmp_path, NEW)
    assert shown(tmp_path) == NEW


def test_a_stopped_run_is_a_difference_for_its_readers(tmp_path):
    write(tmp_path, {"fit.json": "{}"})
    assert files.read_json(tmp_path / "fit.json") == {}
    (tmp_path / files.UNFINISHED).touch()
    with pytest.raises(InputError, match=r"was stopped: see UNFINISHED\.txt"):
        files.read_json(tmp_path / "fit.json")


def _nma(folder: Path) -> list[str]:
    rows = "study,treatment,diff,se\ns,a,,\ns,b,0.4,0.2\nt,a,,\nt,c,0.3,0.2\n"
    (folder / "contrasts.csv").write_text(rows)
    return ["nma", str(folder / "contrasts.csv"), "--effects", "fixed"]


def _reconstruct(folder: Path) -> list[str]:
    (folder / "risk.csv").write_text("arm,time,n\na,0,40\na,6,20\na,12,5\nb,0,40\nb,6,15\nb,12,2\n")
    return ["reconstruct", "--at-risk", str(folder / "risk.csv"), "--events", "a=20,b=28",
            "--draws", "1"]  # fmt: skip


def _digitise(folder: Path) -> list[str]:
    path = folder / f"figure.{figures.suffix(figures.STYLES['pdf'])}"
    figures.draw(path, "pdf", figures.STYLES["pdf"])
    return ["digitise", str(path)]


@pytest.mark.parametrize("command", [_nma, _reconstruct, _digitise])
def test_a_command_puts_all_of_its_files_in_place_at_once(tmp_path, monkeypatch, command):
    out, exchange, at_once = tmp_path / "out", files._exchange, []

    def watched(waiting, earlier):
        assert (out / files.UNFINISHED).is_file()
        at_once.append({path.relative_to(out).as_posix() for path in waiting})
        exchange(waiting, earlier)

    monkeypatch.setattr(files, "_exchange", watched)
    result = CliRunner().invoke(cli, [*command(tmp_path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert at_once == [set(shown(out))]
