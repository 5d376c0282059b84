"""How much may be asked: requests at a time, tokens in, tokens out."""

from collections.abc import AsyncIterator

from fastapi import HTTPException

from src._core.metrics import Metrics
from src._core.settings import Settings


class Limits:
    """What of a request is too much is refused before any work is done for it."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._taken = 0

    async def place(self) -> AsyncIterator[None]:
        """A dependency: one of the places for as long as the request is answered, or 429."""
        most = self._settings.max_concurrent_requests
        if self._taken >= most:
            raise HTTPException(
                429,
                f"{most} requests are being answered (MAX_CONCURRENT_REQUESTS); try again soon",
                {"Retry-After": "1"},
            )
        self._taken += 1
        self._metrics.in_progress.set(self._taken)
        try:
            yield
        finally:
            self._taken -= 1
            self._metrics.in_progress.set(self._taken)

    def input(self, tokens: int) -> None:
        """To be called with the length of what was asked. Raises 400 when it is too long."""
        most = self._settings.max_input_tokens
        if tokens > most:
            raise HTTPException(400, f"the input has {tokens} tokens, at most {most} are taken (MAX_INPUT_TOKENS)")
        self._metrics.tokens.labels("input").inc(tokens)

    def output(self, asked: int | None) -> int:
        """How many tokens to make at most: what is asked for, or as many as there may be. Raises 400 when more is asked for."""
        most = self._settings.max_output_tokens
        if asked is None:
            return most
        if asked > most:
            raise HTTPException(400, f"{asked} tokens are asked for, at most {most} are made (MAX_OUTPUT_TOKENS)")
        return asked

    def made(self, tokens: int) -> None:
        """To be called with the length of an answer, for the metrics."""
        self._metrics.tokens.labels("output").inc(tokens)
