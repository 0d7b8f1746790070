"""A logger for Snakemake: one line for each finished job, with its progress and duration.

`snakemake --logger evinet` uses it, and so does `evinet run`. Snakemake's own complete log goes to
a file whose name is printed at the end.

Snakemake imports this module whenever it starts. Where it cannot read a configuration file, its own
message says neither which file nor which line: `Unreadable` says both, with every logger.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from evinet.errors import InputError

LAST_LINES = 20
"""Of the log of a failed job, so many lines are shown."""


class LogHandler(LogHandlerBase):
    """Prints what a person wants to know of a run, and nothing else."""

    def __post_init__(self) -> None:
        self.jobs: dict[int, tuple[str, float]] = {}
        self.finished: list[int] = []

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Print the lines of one event."""
        for line in self.lines(record):
            print(line, file=sys.stderr, flush=True)

    def lines(self, record: Any) -> list[str]:
        """What is printed of one event."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            words = [record.rule_name, *map(str, (record.wildcards or {}).values())]
            self.jobs[record.jobid] = (" ".join(words), time.monotonic())
        elif event == LogEvent.JOB_FINISHED:
            self.finished.append(record.job_id)
        elif event == LogEvent.PROGRESS:
            return self._progress(record.done, record.total)
        elif event == LogEvent.JOB_ERROR:
            return self._failed(record)
        elif event == LogEvent.ERROR or (event is None and _told(record)):
            return [record.getMessage()]
        return []

    def _progress(self, done: int, total: int) -> list[str]:
        finished, self.finished = self.finished, []
        width = len(str(total))
        lines = []
        for place, job in enumerate(finished, start=done - len(finished) + 1):
            name, start = self.jobs.pop(job, ("", time.monotonic()))
            if name and name != "all":
                taken = time.monotonic() - start
                lines.append(f"[{place:{width}d}/{total}] {name} ({taken:.1f} s)")
        return lines

    def _failed(self, record: Any) -> list[str]:
        name, _ = self.jobs.get(record.jobid, (record.rule_name, 0.0))
        lines = [f"FAILED: {name}"]
        for log in map(str, record.log or []):
            log = log.split(" (")[0]
            lines.append(f"its log, {log}:")
            try:
                text = Path(log).read_text(encoding="utf-8", errors="replace")
            except OSError:
                text = "(there is none)"
            lines += [f"  {line}" for line in text.splitlines()[-LAST_LINES:]]
        return lines


class Unreadable(logging.Filter):
    """Says where a configuration file cannot be read, in place of Snakemake's own message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the message, if it is about such a file; no message is left out."""
        _, error, trace = sys.exc_info()
        if record.levelno >= logging.ERROR:
            for frame, _ in traceback.walk_tb(trace):
                if frame.f_code.co_name == "load_configfile":
                    record.msg = f"bad input\n{_mistake(Path(frame.f_locals['configpath']), error)}"
        return True


def _mistake(path: Path, found: object) -> InputError:
    from evinet import document
    from evinet.errors import InputError, Problem

    try:
        document.load(path)
    except InputError as error:
        return error
    reason = str(found).rstrip(".")
    remedy = "Write it like config/config.yaml: settings by name, in YAML or JSON"
    return InputError(Problem(str(path), "file", path.name, f"cannot be used: {reason}", remedy))


logging.getLogger("snakemake.logging").addFilter(Unreadable())

TOLD = ("Nothing to be done", "Complete log")
"""Messages of Snakemake that are passed on, beside warnings."""


def _told(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or str(record.msg).startswith(TOLD)
