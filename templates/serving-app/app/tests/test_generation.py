"""What this app answers: yours."""

import pytest


def test_it_writes_words_that_may_follow_and_names_its_model(client) -> None:
    answer = client().post("/generate", json={"prompt": "the model", "max_tokens": 4, "seed": 7}).json()
    assert len(answer["text"].split()) == 4
    assert answer["model"] == {"name": "words", "version": "3", "digest": "sha256:" + "a" * 64}


def test_the_same_seed_writes_the_same(client) -> None:
    app = client()
    ask = {"prompt": "a", "max_tokens": 20, "seed": 11}
    assert app.post("/generate", json=ask).json()["text"] == app.post("/generate", json=ask).json()["text"]


def test_the_prompt_template_stands_around_what_is_asked(client) -> None:
    ask = {"prompt": "the", "max_tokens": 1, "seed": 1}
    # After "for" there is "the" or "a"; after "the" neither.
    text = client(PROMPT_TEMPLATE="{{prompt}} request waits for").post("/generate", json=ask).json()["text"]
    assert text in ("the", "a")


@pytest.mark.parametrize("ask", [{}, {"prompt": "a", "max_tokens": 0}, {"prompt": "a", "seed": -1}, {"prompt": None}])
def test_what_does_not_fit_is_refused(client, ask: dict[str, object]) -> None:
    assert client().post("/generate", json=ask).status_code == 422
