"""Manners towards web services."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evinet.web import NoAnswer, Service


@pytest.fixture
def server():
    """Gives the answers it is told, (status, Retry-After), and notes when it was asked."""
    answers, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(time.monotonic())
            status, wait = answers.pop(0)
            self.send_response(status)
            if wait:
                self.send_header("Location" if status == 302 else "Retry-After", wait)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for _ in range(served.parts):
                    self.wfile.write(b"{}")
                    time.sleep(served.slow)

        def log_message(self, *_):
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    served.answers, served.asked = answers, asked
    served.parts, served.slow = 1, 0.0
    served.url = f"http://127.0.0.1:{served.server_port}/"
    yield served
    served.shutdown()
    served.server_close()


def test_two_requests_are_no_closer_than_the_interval(server):
    server.answers += [(200, "")] * 3
    service = Service(server.url, interval=0.2)
    for _ in range(3):
        assert service.json("x") == {}
    gaps = [b - a for a, b in zip(server.asked, server.asked[1:], strict=False)]
    assert min(gaps) > 0.15


def test_the_wait_that_a_busy_service_asks_for_is_kept(server):
    server.answers += [(429, "1"), (200, "")]
    assert Service(server.url, pause=0.01).text("x") == "{}"
    assert server.asked[1] - server.asked[0] > 0.9


def test_a_refusal_is_not_repeated_and_carries_its_status(server):
    server.answers.append((403, ""))
    with pytest.raises(NoAnswer, match=r"^127\.0\.0\.1: answered 403$") as refused:
        Service(server.url).text("x", {"api_key": "secret"})
    assert refused.value.status == 403
    assert len(server.asked) == 1


def test_redirects_in_a_circle_are_followed_once(server):
    server.answers += [(302, "/api")] * 100
    with pytest.raises(NoAnswer, match="TooManyRedirects"):
        Service(server.url, pause=0.01).text("x")
    assert len(server.asked) < 35


@pytest.mark.parametrize("url", ["file:///etc", "ftp://127.0.0.1", "127.0.0.1"])
def test_another_scheme_is_not_tried_again(url):
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=r"InvalidSchema|MissingSchema"):
        Service(url, pause=10).text("x")
    assert time.monotonic() - start < 5


def test_an_answer_that_is_too_large_is_refused(server):
    server.answers.append((200, ""))
    server.parts = 1000
    with pytest.raises(NoAnswer, match=r"larger than 0\.001 MB"):
        Service(server.url, largest=1000).text("x")


def test_an_answer_that_trickles_is_refused(server):
    server.answers.append((200, ""))
    server.parts, server.slow = 100_000, 0.01
    with pytest.raises(NoAnswer, match=r"took longer than 0\.2 s"):
        Service(server.url, longest=0.2).text("x")
