"""Get a record from the ClinicalTrials.gov API (version 2), once, and keep it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evinet import files
from evinet.errors import InputError, Problem
from evinet.web import NoAnswer, Service

BASE_URL = "https://clinicaltrials.gov/api/v2"


def fetch_record(
    nct: str, path: Path, base_url: str = BASE_URL, attempts: int = 4, timeout: float = 20.0,
    pause: float = 1.0, refresh: bool = False,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """The record of `nct`, from `path` when it is there, else from the API and then kept at `path`.

    Parameters
    ----------
    pause
        Seconds before the second attempt; doubled for each further one.

    Returns
    -------
    The record, and whether it came over the network.

    Raises
    ------
    InputError
        The number is not an NCT number, the registry does not know it, it cannot be reached, or
        it answers with something that is not the record.
    """
    if not re.fullmatch(r"NCT\d{8}", nct):
        raise _bad(nct, nct, "not a ClinicalTrials.gov number", "Write NCT and eight digits")
    if path.exists() and not refresh:
        return _record(nct, files.read_text(path), str(path)), False
    record = _record(nct, _get(base_url, nct, attempts, timeout, pause), base_url)
    files.write_json(path, record)
    return record, True


def _get(base_url: str, nct: str, attempts: int, timeout: float, pause: float) -> str:
    service = Service(base_url, attempts=attempts, timeout=timeout, pause=pause)
    try:
        return service.text(f"studies/{nct}")
    except NoAnswer as error:
        url = f"{service.base_url}/studies/{nct}"
        if error.status == 404:
            raise _bad(url, nct, "the registry has no such record", "Check the number") from None
        raise _bad(url, nct, str(error),
                   "Check the network and try again, or save the record as JSON by hand "
                   "and give the file to `evinet read`") from None  # fmt: skip


def _record(nct: str, text: str, where: str) -> dict[str, Any]:
    import json

    try:
        record = json.loads(text, parse_constant=_no_number)
        json.dumps(record, ensure_ascii=False).encode()
        found = record["protocolSection"]["identificationModule"]["nctId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _bad(where, nct, "not a version 2 record of ClinicalTrials.gov",
                   "Remove the file if it is a kept answer, and fetch again") from None  # fmt: skip
    if found != nct:
        raise _bad(where, nct, f"the record is of {found}", "Check the number")
    return dict(record)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def _bad(where: str, value: str, message: str, remedy: str) -> InputError:
    return InputError(Problem(where, "registration", value, message, remedy))
