"""What the core does for every router."""

import json
import logging

import pytest
from fastapi import APIRouter

from src._core.logs import JsonLines


def test_it_lives_is_ready_and_says_which_model_it_serves(client) -> None:
    app = client()
    assert app.get("/healthz").json() == {"status": "ok"}
    ready = app.get("/readyz")
    assert (ready.status_code, ready.json()["model"]) == (
        200,
        {"name": "words", "version": "3", "digest": "sha256:" + "a" * 64},
    )
    assert "/generate" in app.get("/").json()["paths"]


@pytest.mark.parametrize("path", ["/words/readyz", "/readyz", "/words", "/words/", "/"])
def test_a_path_answers_with_and_without_the_route_before_it(client, path: str) -> None:
    assert client(ROUTE="/words").get(path).status_code == 200


def test_a_path_that_only_begins_like_the_route_is_another(client) -> None:
    assert client(ROUTE="/words").get("/wordsmith/readyz").status_code == 404


def test_not_ready_while_it_drains_and_callers_connect_anew(client) -> None:
    app = client()
    app.app.state.lifecycle.drain()
    answer = app.get("/readyz")
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert app.post("/generate", json={"prompt": "the"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        (
            {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
            "0af7651916cd43dd8448eb211c80319c",
        ),
        ({"x-trace-id": "run-42-of-today"}, "run-42-of-today"),
        ({"x-request-id": "0123456789"}, "0123456789"),
    ],
)
def test_the_trace_id_of_the_caller_is_taken(client, headers: dict[str, str], trace: str) -> None:
    assert client().get("/healthz", headers=headers).headers["x-trace-id"] == trace


@pytest.mark.parametrize("given", ["", "short", "a b c d e f", 'x"}{"y":"zzzz', "x" * 65])
def test_a_trace_id_that_could_forge_a_line_is_not(client, given: str) -> None:
    trace = client().get("/healthz", headers={"x-trace-id": given}).headers["x-trace-id"]
    assert trace != given
    assert len(trace) == 32


def test_a_trace_of_zeros_is_none(client) -> None:
    parent = f"00-{'0' * 32}-b7ad6b7169203331-01"
    assert set(client().get("/healthz", headers={"traceparent": parent}).headers["x-trace-id"]) != {"0"}


def test_a_line_is_one_json_object_with_the_trace_id(client, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="src.requests"):
        caplog.handler.setFormatter(JsonLines())
        client().post("/generate", json={"prompt": "the\nend"}, headers={"x-trace-id": "trace-of-this"})
    line = json.loads(JsonLines().format(caplog.records[-1]))
    assert line["message"] == "answered"
    assert (line["method"], line["path"], line["status"]) == ("POST", "/generate", 200)
    assert line["time"].endswith("+00:00")


def test_probes_make_no_lines(client, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="src.requests"):
        client().get("/readyz")
    assert [record for record in caplog.records if record.name == "src.requests"] == []


def test_metrics_count_by_route_and_never_by_what_callers_invent(client) -> None:
    app = client()
    app.post("/generate", json={"prompt": "the model", "max_tokens": 3})
    app.get("/nobody/knows/this")
    app.request("BREW", "/readyz")
    text = app.get("/metrics").text
    assert 'http_requests_total{method="POST",path="/generate",status="200"} 1.0' in text
    assert 'http_requests_total{method="GET",path="other",status="404"} 1.0' in text
    assert "nobody" not in text
    assert "BREW" not in text
    assert 'model_tokens_total{direction="input"} 2.0' in text
    assert 'model_tokens_total{direction="output"} 3.0' in text
    assert 'http_request_duration_seconds_count{method="POST",path="/generate"} 1.0' in text
    assert 'model_info{digest="sha256:' in text


def test_a_body_that_is_too_large_is_refused(client) -> None:
    app = client(MAX_BODY_BYTES="100")
    assert app.post("/generate", json={"prompt": "a" * 100}).status_code == 413
    streamed = app.post(
        "/generate", content=(b"x" * 60 for _ in range(3)), headers={"content-type": "application/json"}
    )
    assert streamed.status_code == 413


def test_a_fault_of_the_author_is_told_to_nobody_but_the_log(client, caplog) -> None:
    router = APIRouter()

    @router.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("a secret of the house")

    app = client(router)
    answer = app.get("/breaks", headers={"x-trace-id": "trace-of-this"})
    assert (answer.status_code, answer.json()) == (500, {"error": "the server failed", "trace_id": "trace-of-this"})
    assert answer.headers["x-trace-id"] == "trace-of-this"
    assert "a secret of the house" in caplog.text
    assert 'http_requests_total{method="GET",path="/breaks",status="500"} 1.0' in app.get("/metrics").text


def test_what_does_not_fit_is_told_with_its_place_and_not_sent_back(client) -> None:
    answer = client().post("/generate", json={"prompt": 7, "secret": "swordfish"})
    assert answer.status_code == 422
    assert "body.prompt" in answer.json()["error"]
    assert "body.secret" in answer.json()["error"]
    assert "swordfish" not in answer.text
