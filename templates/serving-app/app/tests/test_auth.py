"""Who may call."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = "a-key-of-the-house-01"
ASK = {"prompt": "the"}


def test_health_readiness_and_metrics_are_open_and_everything_else_is_not(client) -> None:
    app = client(AUTH_TYPE="api-key", API_KEYS=KEY)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert app.get(path).status_code == 200
    assert app.get("/").status_code == 401
    assert app.post("/generate", json=ASK).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": KEY}, 200),
        ({"authorization": f"Bearer {KEY}"}, 200),
        ({"x-api-key": "another-key-of-ours-2"}, 200),
        ({"x-api-key": KEY[:-1]}, 401),
        ({"x-api-key": ""}, 401),
        ({"authorization": f"Basic {KEY}"}, 401),
        ({}, 401),
    ],
)
def test_a_key(client, headers: dict[str, str], status: int) -> None:
    app = client(AUTH_TYPE="api-key", API_KEYS=f"{KEY},another-key-of-ours-2")
    assert app.post("/generate", json=ASK, headers=headers).status_code == status


class Issuer:
    """An issuer with one key, which counts how often it is asked."""

    def __init__(self, website: Callable[..., str]) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = "first"
        self.asked = 0
        self.is_there = True
        self.address = website(self._answer)

    def _answer(self, path: str, _: dict[str, str]) -> tuple[int, bytes]:
        if not self.is_there:
            return 503, b""
        if path == "/.well-known/openid-configuration":
            self.asked += 1
            return 200, json.dumps({"issuer": self.address, "jwks_uri": f"{self.address}/keys"}).encode()
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return 200, json.dumps({"keys": [{**public, "kid": self.key_id, "use": "sig"}]}).encode()

    def token(self, algorithm: str = "RS256", key: Any = None, key_id: str | None = None, **claims: Any) -> str:
        usual = {"iss": self.address, "aud": "words", "exp": time.time() + 60, "sub": "somebody"}
        merged = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(merged, key or self.private, algorithm, headers={"kid": key_id or self.key_id})


@pytest.fixture
def issuer(website) -> Issuer:
    return Issuer(website)


def asked(app: Any, token: str) -> int:
    return app.post("/generate", json=ASK, headers={"authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def app(client, issuer: Issuer) -> Any:
    return client(AUTH_TYPE="jwt", AUTH_ISSUER=issuer.address, AUTH_AUDIENCE="words")


def test_a_token_of_the_issuer_opens(app, issuer: Issuer) -> None:
    assert asked(app, issuer.token()) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() - 3600},
        {"exp": None},
        {"iss": "https://another.example.com"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"nbf": time.time() + 3600},
    ],
    ids=str,
)
def test_a_token_with_other_claims_does_not(app, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert asked(app, issuer.token(**claims)) == 401


def test_a_token_that_somebody_else_signed_does_not(app, issuer: Issuer) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert asked(app, issuer.token(key=stranger)) == 401


def test_a_token_signed_with_a_shared_secret_or_not_at_all_does_not(app, issuer: Issuer) -> None:
    assert asked(app, issuer.token("HS256", key="a secret of thirty-two characters or more")) == 401
    unsigned = jwt.encode({"iss": issuer.address, "aud": "words", "exp": time.time() + 60}, None, "none")
    assert asked(app, unsigned) == 401
    assert asked(app, "no.token.at-all") == 401


def test_tokens_with_unknown_keys_cost_the_issuer_nothing(app, issuer: Issuer) -> None:
    assert asked(app, issuer.token()) == 200
    assert [asked(app, issuer.token(key_id=f"unknown-{number}")) for number in range(20)] == [401] * 20
    assert issuer.asked == 1


def test_a_new_key_is_learnt(app, issuer: Issuer, monkeypatch) -> None:
    assert asked(app, issuer.token()) == 200
    issuer.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer.key_id = "second"
    monkeypatch.setattr("src._core.keys.PAUSE_SECONDS", 0)
    assert asked(app, issuer.token()) == 200


def test_an_issuer_that_is_gone_later_changes_nothing(app, issuer: Issuer, monkeypatch) -> None:
    assert asked(app, issuer.token()) == 200
    issuer.is_there = False
    monkeypatch.setattr("src._core.keys.KEEP_SECONDS", 0)
    assert asked(app, issuer.token()) == 200


def test_without_keys_nobody_can_tell_and_it_says_so(app, issuer: Issuer) -> None:
    issuer.is_there = False
    assert asked(app, issuer.token()) == 503


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(client, issuer: Issuer) -> None:
    other = issuer.address.replace("127.0.0.1", "localhost")
    app = client(AUTH_TYPE="jwt", AUTH_ISSUER=other)
    assert asked(app, issuer.token(iss=other)) == 503
