"""Where the server is between its start and its end."""

import time


class Lifecycle:
    """
    Starting, ready, draining, gone. While it drains it answers as before, tells every caller to connect anew and is not ready: so those who
    send requests here hear of it before it stops to listen.
    """

    def __init__(self, drain_seconds: int) -> None:
        self._drain_seconds = drain_seconds
        self._draining_since: float | None = None

    @property
    def is_draining(self) -> bool:
        return self._draining_since is not None

    @property
    def has_drained(self) -> bool:
        return self._draining_since is not None and time.monotonic() - self._draining_since >= self._drain_seconds

    def drain(self) -> None:
        if self._draining_since is None:
            self._draining_since = time.monotonic()
