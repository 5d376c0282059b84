"""What routers are given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from src._core.limits import Limits
from src._core.metrics import Metrics
from src._core.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """Which model answers."""

    name: str
    version: str
    digest: str


class ServingContext:
    """One for the whole server; a router gets it as a parameter of the type `Serving`."""

    def __init__(self, settings: Settings, identity: Identity, model: Any, metrics: Metrics) -> None:
        self.settings = settings
        self.identity = identity
        self.model = model
        """What the author's `load` returned."""
        self.metrics = metrics
        self.limits = Limits(settings, metrics)
        self._threads: anyio.CapacityLimiter | None = None

    def prompt(self, text: str) -> str:
        """The prompt template with what was asked in it."""
        return self.settings.prompt_template.replace("{{prompt}}", text)

    async def in_thread(self, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """Runs what computes for longer than a millisecond beside the loop that answers requests, so that it does not stand still."""
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(self.settings.max_concurrent_requests)
        return await anyio.to_thread.run_sync(partial(function, *args, **named), limiter=self._threads)


def _context(request: Request) -> ServingContext:
    context: ServingContext = request.app.state.context
    return context


Serving = Annotated[ServingContext, Depends(_context)]
