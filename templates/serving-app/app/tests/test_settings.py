"""What the server is told."""

import pytest

from src._core.settings import StartError, read_settings


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MODEL_URI": ""}, "MODEL_URI is not set"),
        ({"PORT": "eighty"}, 'PORT must be a whole number from 0 to 65535, not "eighty"'),
        ({"PORT": "65536"}, "PORT must be a whole number"),
        ({"MAX_CONCURRENT_REQUESTS": "0"}, "MAX_CONCURRENT_REQUESTS must be a whole number from 1"),
        ({"ROUTE": "no-slash"}, "ROUTE must be a path"),
        ({"MODEL_DIGEST": "sha256:abc"}, "MODEL_DIGEST must be sha256: and 64 hex digits"),
        ({"AUTH_TYPE": "basic"}, 'AUTH_TYPE must be one of none, jwt, api-key, not "basic"'),
        ({"AUTH_TYPE": "jwt"}, "AUTH_ISSUER must be the https address"),
        ({"AUTH_TYPE": "jwt", "AUTH_ISSUER": "http://login.example.com"}, "AUTH_ISSUER must be the https address"),
        ({"AUTH_TYPE": "api-key"}, "neither API_KEYS nor API_KEYS_FILE has a key"),
        ({"AUTH_TYPE": "api-key", "API_KEYS_FILE": "/nowhere"}, "API_KEYS_FILE cannot be read"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_name(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(StartError) as refused:
        read_settings({"MODEL_URI": "model.json", **variables})
    assert sentence in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(StartError) as refused:
        read_settings({"PORT": "x", "ROUTE": "x"})
    assert len(str(refused.value).splitlines()) == 3


def test_a_key_that_could_be_guessed_is_refused_and_not_said() -> None:
    with pytest.raises(StartError) as refused:
        read_settings({"MODEL_URI": "m", "AUTH_TYPE": "api-key", "API_KEYS": "swordfish"})
    assert "swordfish" not in str(refused.value)


def test_keys_stand_in_a_variable_and_in_a_file(tmp_path) -> None:
    file = tmp_path / "keys"
    file.write_text("c" * 16 + "\n\n" + "d" * 16 + "\n")
    settings = read_settings({"MODEL_URI": "m", "API_KEYS": f"{'a' * 16}, {'b' * 16}", "API_KEYS_FILE": str(file)})
    assert settings.api_keys == tuple(letter * 16 for letter in "abcd")


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    settings = read_settings({"MODEL_URI": "m", "PORT": "", "ROUTE": "/", "MAX_INPUT_TOKENS": ""})
    assert (settings.port, settings.route, settings.max_input_tokens) == (8080, "", 2048)
