"""The public keys of an issuer of tokens, found by OpenID Connect discovery and kept for a while."""

import json
import threading
import time
import urllib.request
from urllib.parse import urlsplit

import jwt

KEEP_SECONDS = 600
"""After so long they are asked for again; the old ones hold until there are new ones."""
PAUSE_SECONDS = 15
"""They are asked for no more often, whatever callers send: a token with an unknown key costs the issuer nothing."""
TIMEOUT_SECONDS = 5
BODY_BYTES_MAX = 1_048_576


class KeysUnavailable(Exception):
    """There are no keys at all, so nobody can tell a good token from a bad one."""


class IssuerKeys:
    """Safe to be used by many threads at once; one of them asks, the others wait for it."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def key_of(self, key_id: str | None) -> jwt.PyJWK:
        """Raises InvalidTokenError when the issuer has no such key, KeysUnavailable when it never told any."""
        with self._lock:
            age = time.monotonic() - self._asked_at
            if age > KEEP_SECONDS or (key_id not in self._keys and age > PAUSE_SECONDS):
                self._ask()
            if not self._keys:
                raise KeysUnavailable(f"{self._issuer} has told no keys yet")
            if key_id is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if key_id not in self._keys:
                raise jwt.InvalidTokenError("the issuer has no key of this id")
            return self._keys[key_id]

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        try:
            found = _json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            # Whoever answers for another issuer is not believed (OpenID Connect Discovery, section 4.3).
            if found.get("issuer") != self._issuer:
                raise ValueError(f"the issuer calls itself {found.get('issuer')}")
            keys = jwt.PyJWKSet.from_dict(_json(str(found["jwks_uri"]))).keys
            self._keys = {key.key_id: key for key in keys if key.public_key_use in (None, "sig")}
        except (OSError, ValueError, KeyError, jwt.PyJWTError) as error:
            if not self._keys:
                raise KeysUnavailable(f"{self._issuer}: {type(error).__name__}: {error}") from error


def _json(address: str) -> dict[str, object]:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"{address} is no https address")
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        body = answer.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"{address} answers with more than {BODY_BYTES_MAX} bytes")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError(f"{address} answers with no JSON object")
    return found
