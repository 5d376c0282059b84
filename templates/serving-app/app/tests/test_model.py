"""The model that is served is the very one that was registered."""

import hashlib
from pathlib import Path

import pytest

from src._core.model import fetch_model
from src._core.settings import Settings, StartError, read_settings

BYTES = b"the bytes of a model" * 100_000
DIGEST = "sha256:" + hashlib.sha256(BYTES).hexdigest()


def told(uri: str, digest: str = DIGEST) -> Settings:
    return read_settings({"MODEL_URI": uri, "MODEL_DIGEST": digest})


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a model.bin"
    file.write_bytes(BYTES)
    assert fetch_model(told(str(file)), tmp_path) == (file, DIGEST)
    assert fetch_model(told(file.as_uri()), tmp_path) == (file, DIGEST)


def test_what_an_address_names_is_put_into_a_file(tmp_path: Path, website) -> None:
    address = website(lambda path, _: (200, BYTES) if path == "/model" else (404, b""))
    path, digest = fetch_model(told(f"{address}/model"), tmp_path)
    assert (path.read_bytes(), digest) == (BYTES, DIGEST)


def test_an_object_is_asked_for_with_the_credentials_of_its_store(tmp_path: Path, website) -> None:
    asked: list[tuple[str, str]] = []

    def store(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        asked.append((path, headers.get("authorization", "")))
        return 200, BYTES

    address = website(store)
    variables = {"R2_ENDPOINT": address, "R2_ACCESS_KEY_ID": "who", "R2_SECRET_ACCESS_KEY": "secret"}
    path, digest = fetch_model(told("r2://models/words/3"), tmp_path, variables)
    assert (path.read_bytes(), digest) == (BYTES, DIGEST)
    assert asked[0][0].startswith("/models/words/3")
    assert asked[0][1].startswith("AWS4-HMAC-SHA256 Credential=who/")


def test_other_bytes_than_those_that_were_registered_are_not_served(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(BYTES + b"!")
    with pytest.raises(StartError, match="these are not the bytes that were registered"):
        fetch_model(told(str(file)), tmp_path)


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("nowhere.json", "the model nowhere.json cannot be read: FileNotFoundError"),
        ("http://127.0.0.1:9/model", "cannot be read"),
        ("ftp://example.com/model", "MODEL_URI begins with ftp://; known are"),
    ],
)
def test_a_model_that_cannot_be_read_says_so(uri: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(StartError) as refused:
        fetch_model(told(uri), tmp_path)
    assert sentence in str(refused.value)
