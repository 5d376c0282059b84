"""How much may be asked."""

import threading

from fastapi import APIRouter


def test_an_input_that_is_too_long_is_refused(client) -> None:
    app = client(MAX_INPUT_TOKENS="3")
    assert app.post("/generate", json={"prompt": "one two three"}).status_code == 200
    refused = app.post("/generate", json={"prompt": "one two three four"})
    assert refused.status_code == 400
    assert "the input has 4 tokens, at most 3 are taken (MAX_INPUT_TOKENS)" in refused.json()["error"]


def test_more_output_than_there_may_be_is_refused_and_without_a_wish_it_is_as_much_as_there_may_be(client) -> None:
    app = client(MAX_OUTPUT_TOKENS="5")
    assert app.post("/generate", json={"prompt": "the", "max_tokens": 6}).status_code == 400
    assert len(app.post("/generate", json={"prompt": "the"}).json()["text"].split()) == 5


def test_one_request_too_many_is_refused_and_a_place_that_is_free_again_is_taken(client) -> None:
    router = APIRouter()
    entered, released = threading.Semaphore(0), threading.Event()

    @router.get("/waits")
    def waits() -> str:
        entered.release()
        assert released.wait(30)
        return "done"

    with client(router, MAX_CONCURRENT_REQUESTS="2") as app:
        statuses: list[int] = []
        threads = [threading.Thread(target=lambda: statuses.append(app.get("/waits").status_code)) for _ in range(2)]
        for thread in threads:
            thread.start()
            assert entered.acquire(timeout=30)
        refused = app.get("/waits")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "http_requests_in_progress 2.0" in app.get("/metrics").text
        assert app.get("/readyz").status_code == 200
        released.set()
        for thread in threads:
            thread.join(30)
        assert statuses == [200, 200]
        assert app.get("/waits").status_code == 200
        assert "http_requests_in_progress 0.0" in app.get("/metrics").text
