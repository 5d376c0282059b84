"""A release is proposed by one pull request."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tools.open_pull_request import main

WORDS = ["example/specs", "--head", "release/1", "--base", "main", "--title", "Serve 1", "--body", "because"]


def pull(number: int, head: str = "release/1", base: str = "main", repository: int = 1) -> dict:
    return {
        "html_url": f"https://git.example.com/pulls/{number}",
        "head": {"ref": head, "repo": {"id": repository}},
        "base": {"ref": base, "repo": {"id": 1}},
    }


class Answers(BaseHTTPRequestHandler):
    """The part of a forge that is asked: what is open, in pages, and what it was asked to open."""

    pages: ClassVar[list[list[dict]]]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        page = int(self.path.split("page=")[1].split("&")[0])
        self.say(self.pages[page - 1] if page <= len(self.pages) else [])

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.say(pull(99))

    def say(self, answer: object) -> None:
        self.send_response(200 if self.headers["Authorization"] == "token secret" else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    class Own(Answers):
        pages: ClassVar[list[list[dict]]] = []
        asked: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}/api/v1")
    monkeypatch.setenv("SPEC_REPOSITORY_TOKEN", "secret")
    yield Own
    server.shutdown()
    server.server_close()


def test_one_is_opened_where_there_is_none(forge: type[Answers], capsys) -> None:
    forge.pages = [[pull(1, head="other"), pull(2, base="stable"), pull(3, repository=2)]]
    assert main(WORDS) == 0
    assert capsys.readouterr().out == "proposed: https://git.example.com/pulls/99\n"
    assert json.loads(forge.asked[0]) == {"head": "release/1", "base": "main", "title": "Serve 1", "body": "because"}


def test_the_one_that_is_open_is_found_on_whatever_page(forge: type[Answers], capsys) -> None:
    forge.pages = [[pull(1, head="other")], [pull(2)]]
    assert main(WORDS) == 0
    assert capsys.readouterr().out == "proposed already: https://git.example.com/pulls/2\n"
    assert forge.asked == []


def test_a_refusal_is_told_without_the_token(forge: type[Answers], capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEC_REPOSITORY_TOKEN", "another")
    assert main(WORDS) == 1
    said = capsys.readouterr().err
    assert "answers with status 401" in said and "another" not in said
