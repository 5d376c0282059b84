"""Who may call: everybody, whoever has a token of the issuer, or whoever has a key. Health, readiness and metrics are open."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256

import anyio.to_thread
import jwt
from fastapi import HTTPException, Request

from src._core.keys import IssuerKeys, KeysUnavailable
from src._core.settings import Settings

log = logging.getLogger(__name__)

Guard = Callable[[Request], Awaitable[None]]
"""A dependency that raises 401 for whoever may not call, and 503 while nobody can tell."""

# Signatures that a public key verifies. One with a shared secret would make every holder of the public key an issuer.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS = 30


def guard_of(settings: Settings) -> Guard:
    match settings.auth_type:
        case "jwt":
            return token_guard(IssuerKeys(settings.auth_issuer), settings.auth_issuer, settings.auth_audience)
        case "api-key":
            return key_guard(settings.api_keys)
        case _:
            return nobody_is_refused


async def nobody_is_refused(_: Request) -> None:
    return


def key_guard(keys: tuple[str, ...]) -> Guard:
    """A key in x-api-key, or as a bearer token. All keys are compared, in a time that tells nothing."""
    known = [sha256(key.encode()).digest() for key in keys]

    async def guard(request: Request) -> None:
        given = request.headers.get("x-api-key") or bearer(request)
        if given is None:
            raise HTTPException(401, "a key is missing: send it as x-api-key", {"WWW-Authenticate": "Bearer"})
        digest = sha256(given.encode()).digest()
        # A list, so that the first that fits does not end it.
        if not any([hmac.compare_digest(digest, one) for one in known]):  # noqa: C419
            raise HTTPException(401, "the key is not known", {"WWW-Authenticate": "Bearer"})

    return guard


def token_guard(keys: IssuerKeys, issuer: str, audience: str) -> Guard:
    """A bearer token (JWT) that the issuer signed, for this audience, that has not expired. Its claims are in request.state.claims."""

    def verify(token: str) -> dict[str, object]:
        key = keys.key_of(jwt.get_unverified_header(token).get("kid"))
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=audience or None,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss"], "verify_aud": bool(audience)},
        )
        return claims

    async def guard(request: Request) -> None:
        token = bearer(request)
        if token is None:
            raise HTTPException(401, "a token is missing: send it as a bearer token", {"WWW-Authenticate": "Bearer"})
        try:
            request.state.claims = await anyio.to_thread.run_sync(verify, token)
        except KeysUnavailable as error:
            log.error("the issuer's keys cannot be had", extra={"reason": str(error)})
            raise HTTPException(503, "tokens cannot be verified now; try again soon", {"Retry-After": "5"}) from error
        except jwt.InvalidTokenError as error:
            header = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise HTTPException(401, f"the token is refused: {error}", header) from error

    return guard


def bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
