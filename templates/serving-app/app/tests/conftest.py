"""What tests share: settings, an application in this process, a process of its own, servers that stand in for others."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from src._core.application import create_application
from src._core.context import Identity
from src._core.settings import read_settings
from src.routers import load, routers

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "examples" / "model.json"
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def client() -> Callable[..., TestClient]:
    """Makes a client of an application that is told these variables, beside those that every one needs."""

    def make(*more: Any, **variables: str) -> TestClient:
        settings = read_settings({"MODEL_URI": str(MODEL), **variables})
        identity = Identity("words", "3", DIGEST)
        application = create_application(settings, identity, load(MODEL), [*routers, *more])
        return TestClient(application, raise_server_exceptions=False)

    return make


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `python -m src` with these variables; it has ended when the test has."""
    started: list[subprocess.Popen[str]] = []

    def start(**variables: str) -> subprocess.Popen[str]:
        environment = {"PATH": os.environ["PATH"], "MODEL_URI": str(MODEL), **variables}
        log = (tmp_path / f"log-{len(started)}").open("w+")
        child = subprocess.Popen(
            [sys.executable, "-m", "src"], cwd=ROOT, env=environment, stdout=log, stderr=log, text=True
        )
        child.stdout = log
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()


@pytest.fixture
def website() -> Iterator[Callable[[Callable[[str, dict[str, str]], tuple[int, bytes]]], str]]:
    """Serves what a function of path and headers answers; returns the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Callable[[str, dict[str, str]], tuple[int, bytes]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self.path, {name.lower(): value for name, value in self.headers.items()})
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Waits for a condition and returns what it is, or fails."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")
