"""Web services, asked politely: with our name, not too often, again after a pause when busy."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evinet import __version__

if TYPE_CHECKING:
    import requests

RETRIED = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 120.0


class NoAnswer(Exception):
    """A service could not be reached, or refused; `status` is its HTTP status where it gave one."""

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status


class Service:
    """A web service at `base_url`.

    Parameters
    ----------
    base_url
        Address that the paths of `text` and `json` follow.
    contact
        E-mail address that the service may write to; sent in the User-Agent header.
    interval
        Least seconds between two requests.
    attempts, pause
        How often a request is sent before giving up, and the seconds of the first wait, doubled
        each time. A longer wait that the service itself asks for (Retry-After) is kept, up to
        two minutes.
    timeout
        Seconds to wait for an answer to begin.
    longest, largest
        Seconds and bytes of a whole answer: what is slower or larger is not the answer asked for.

    Examples
    --------
    >>> Service("https://clinicaltrials.gov/api/v2", contact="me@example.org").host
    'clinicaltrials.gov'
    """

    def __init__(
        self, base_url: str, contact: str | None = None, interval: float = 0.0,
        attempts: int = 4, pause: float = 1.0, timeout: float = 20.0,
        longest: float = 120.0, largest: int = 50_000_000,
    ):  # fmt: skip
        self.base_url = base_url.rstrip("/")
        self.contact, self.interval = contact, interval
        self.attempts, self.pause, self.timeout = attempts, pause, timeout
        self.longest, self.largest = longest, largest
        self._asked = float("-inf")

    def fault(self, message: str, status: int | None = None) -> NoAnswer:
        """What to raise when an answer of this service cannot be used."""
        return NoAnswer(f"{self.host}: {message}", status)

    @property
    def host(self) -> str:
        """Name of the machine that is asked."""
        return urlsplit(self.base_url).hostname or self.base_url

    def text(self, path: str, parameters: Mapping[str, str] | None = None) -> str:
        """The answer as text.

        Raises
        ------
        NoAnswer
            No connection, no answer in time, one that is too large, or another status than 200.
            What may pass (a busy service, no connection) is tried again first. The message never
            holds the parameters: a key may be among them.
        """
        reason, status, wait = "", None, 0.0
        for attempt in range(self.attempts):
            if attempt:
                time.sleep(max(wait, self.pause * 2 ** (attempt - 1)))
            status, answer, wait = self._once(path, parameters)
            if status == 200:
                return answer
            reason = answer if status is None else f"answered {status}"
            if status is not None and status not in RETRIED:
                raise self.fault(reason, status)
        raise self.fault(f"{reason}, {self.attempts} times", status)

    def json(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The answer as JSON.

        Raises
        ------
        NoAnswer
            As `text`, or the answer is not JSON.
        """
        try:
            return json.loads(self.text(path, parameters))
        except (ValueError, RecursionError):
            raise self.fault("answered with something that is not JSON") from None

    def _once(
        self, path: str, parameters: Mapping[str, str] | None
    ) -> tuple[int | None, str, float]:
        """Status, text or reason, and the seconds that the service asks us to wait."""
        import requests
        import urllib3

        time.sleep(max(0.0, self._asked + self.interval - time.monotonic()))
        self._asked = time.monotonic()
        who = f"evinet/{__version__}" + (f" (mailto:{self.contact})" if self.contact else "")
        try:
            with requests.get(
                f"{self.base_url}/{path}", params=parameters, timeout=self.timeout, stream=True,
                headers={"Accept": "application/json", "User-Agent": who},
            ) as answer:  # fmt: skip
                text = self._content(answer).decode("utf-8", errors="replace")
        except (requests.TooManyRedirects, ValueError) as error:  # of the address, not the moment
            raise self.fault(f"no answer ({type(error).__name__})") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return None, f"no answer ({type(error).__name__})", 0.0
        asked = answer.headers.get("Retry-After", "")
        wait = min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else 0.0
        return answer.status_code, text, wait

    def _content(self, answer: requests.Response) -> bytes:
        content, start = b"", time.monotonic()
        while part := answer.raw.read1(65536, decode_content=True):
            content += part
            if len(content) > self.largest:
                raise self.fault(f"the answer is larger than {self.largest / 1e6:g} MB")
            if time.monotonic() - start > self.longest:
                raise self.fault(f"the answer took longer than {self.longest:g} s")
        return content
