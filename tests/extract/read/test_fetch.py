"""`evinet fetch` against a server of the test's own."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evinet.errors import InputError
from evinet.extract.read.fetch import fetch_record

NCT = "NCT90000009"
RECORD = {"protocolSection": {"identificationModule": {"nctId": NCT}}}


@pytest.fixture
def registry():
    """A server that gives the answers it is told, in turn: (status, body, seconds to wait)."""
    answers, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, body, wait = answers.pop(0)
            time.sleep(wait)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.answers, server.asked = answers, asked
    server.url = f"http://127.0.0.1:{server.server_port}/api/v2"
    yield server
    server.shutdown()
    server.server_close()


def get(server, path, **options):
    return fetch_record(NCT, path, server.url, pause=0.01, timeout=2, **options)


def test_a_record_is_fetched_once_and_kept(registry, tmp_path):
    registry.answers.append((200, json.dumps(RECORD), 0))
    path = tmp_path / "registry" / "r.json"
    assert get(registry, path) == (RECORD, True)
    assert get(registry, path) == (RECORD, False)
    assert registry.asked == [f"/api/v2/studies/{NCT}"]
    assert json.loads(path.read_text()) == RECORD


def test_refresh_asks_again(registry, tmp_path):
    registry.answers += [(200, json.dumps(RECORD), 0)] * 2
    get(registry, tmp_path / "r.json")
    get(registry, tmp_path / "r.json", refresh=True)
    assert len(registry.asked) == 2


def test_a_server_error_is_tried_again(registry, tmp_path):
    registry.answers += [(500, "", 0), (503, "", 0), (200, json.dumps(RECORD), 0)]
    assert get(registry, tmp_path / "r.json")[1]
    assert len(registry.asked) == 3


def test_an_unknown_number_is_not_tried_again(registry, tmp_path):
    registry.answers.append((404, "", 0))
    with pytest.raises(InputError, match="no such record"):
        get(registry, tmp_path / "r.json")
    assert len(registry.asked) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"protocolSection": null}',
        "[" * 100_000,
        '{"protocolSection": {"identificationModule": {"nctId": "NCT90000009", "x": NaN}}}',
        '{"protocolSection": {"identificationModule": {"nctId": "NCT90000009", "x": "\\ud800"}}}',
    ],
)
def test_an_answer_that_is_no_record_is_refused_and_not_kept(registry, tmp_path, body):
    registry.answers.append((200, body, 0))
    with pytest.raises(InputError, match="not a version 2 record"):
        get(registry, tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_the_record_of_another_trial_is_refused(registry, tmp_path):
    other = {"protocolSection": {"identificationModule": {"nctId": "NCT90000001"}}}
    registry.answers.append((200, json.dumps(other), 0))
    with pytest.raises(InputError, match="of NCT90000001"):
        get(registry, tmp_path / "r.json")


def test_a_slow_server_times_out(registry, tmp_path):
    registry.answers += [(200, json.dumps(RECORD), 0.6)] * 2
    with pytest.raises(InputError, match=r"no answer .*2 times"):
        fetch_record(NCT, tmp_path / "r.json", registry.url, attempts=2, timeout=0.1, pause=0.01)


def test_offline_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="save the record as JSON by hand"):
        fetch_record(NCT, tmp_path / "r.json", "http://127.0.0.1:1", attempts=2, pause=0.01)


@pytest.mark.parametrize("nct", ["NCT123", "nct90000009", "../etc/passwd", ""])
def test_what_is_no_number_is_refused_before_asking(tmp_path, nct):
    with pytest.raises(InputError, match="NCT and eight digits"):
        fetch_record(nct, tmp_path / "r.json", "http://127.0.0.1:1")
