"""The process as the cluster sees it: it starts, answers, is asked to stop and loses nothing."""

import http.client
import json
import signal
import socket
import subprocess
from collections.abc import Callable

from tests.conftest import until


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(port: int, path: str) -> tuple[int, str] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return None
    finally:
        connection.close()


def lines(child: subprocess.Popen[str]) -> list[str]:
    assert child.stdout is not None
    child.stdout.seek(0)
    return child.stdout.read().splitlines()


Start = Callable[..., subprocess.Popen[str]]


def test_it_answers_below_its_route_and_logs_json_alone(process: Start) -> None:
    port = free_port()
    child = process(PORT=str(port), ROUTE="/words", MODEL_NAME="words")
    until(lambda: ask(port, "/readyz"), "the server answers")
    assert ask(port, "/words/readyz")[0] == 200
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 0
    written = [json.loads(line) for line in lines(child)]
    assert any(line["message"] == "the model is loaded" and line["model"]["name"] == "words" for line in written)


def test_asked_to_stop_it_finishes_what_it_began_and_ends_with_0(process: Start) -> None:
    port = free_port()
    child = process(PORT=str(port), DRAIN_SECONDS="1")
    until(lambda: ask(port, "/readyz"), "the server answers")
    body = json.dumps({"prompt": "the"}).encode()
    head = (
        f"POST /generate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        # Half a request is on its way when the signal comes.
        caller.sendall(head.encode() + body[:5])
        until(lambda: ask(port, "/readyz"), "the server answers")
        child.send_signal(signal.SIGTERM)
        # While it drains it still takes connections, and is not ready; then it takes none.
        until(lambda: (ask(port, "/readyz") or (0,))[0] == 503, "it says that it is stopping")
        assert ask(port, "/healthz") == (200, '{"status":"ok"}')
        until(lambda: ask(port, "/readyz") is None, "it does not listen any more")
        assert child.poll() is None
        caller.sendall(body[5:])
        answer = b""
        while part := caller.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()
    assert child.wait(30) == 0


def test_a_request_that_never_ends_is_not_waited_for_longer_than_it_may_take(process: Start) -> None:
    port = free_port()
    child = process(PORT=str(port), DRAIN_SECONDS="0", SHUTDOWN_SECONDS="1")
    until(lambda: ask(port, "/readyz"), "the server answers")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(b"POST /generate HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        until(lambda: ask(port, "/readyz"), "the server answers")
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0


def test_without_its_model_it_ends_with_1_and_one_line_that_says_why(process: Start) -> None:
    child = process(MODEL_URI="nowhere.json")
    assert child.wait(30) == 1
    assert lines(child) == [
        "the model nowhere.json cannot be read: FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.json'"
    ]


def test_with_another_model_than_was_registered_it_does_not_start(process: Start) -> None:
    child = process(MODEL_DIGEST="sha256:" + "0" * 64)
    assert child.wait(30) == 1
    assert "these are not the bytes that were registered" in lines(child)[-1]


def test_with_a_model_that_means_nothing_to_it_it_says_so(process: Start, tmp_path) -> None:
    (tmp_path / "other.json").write_text("{}")
    child = process(MODEL_URI=str(tmp_path / "other.json"))
    assert child.wait(30) == 1
    assert "cannot be used: ValueError: this is no model of the format word-pairs" in lines(child)[-1]
