"""Runs the application until it is asked to stop, and stops so that no request is lost."""

import logging
import signal
from types import FrameType

import uvicorn
from fastapi import FastAPI

from src._core.lifecycle import Lifecycle
from src._core.settings import Settings

log = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """
    The first SIGTERM begins to drain; then it stops to listen, lets go of idle connections and waits for the answers that are being made.
    SIGINT (Ctrl-C) leaves out the draining, and so does a second signal; one more leaves out the waiting.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not the server's own, which would end the process by the same signal again: an orderly stop ends with 0.
        if self.should_exit:
            self.force_exit = True
        elif sig == signal.SIGTERM and not self._lifecycle.is_draining:
            log.info("asked to stop; draining")
        else:
            self.should_exit = True
        self._lifecycle.drain()

    async def on_tick(self, counter: int) -> bool:
        if self._lifecycle.has_drained:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(application: FastAPI, settings: Settings, lifecycle: Lifecycle) -> int:
    """Returns the exit code of the process."""
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        # Longer than the 60 s after which most routers in front let go of an idle connection: they should be first.
        timeout_keep_alive=75,
    )
    server = DrainingServer(config, lifecycle)
    server.run()
    return 0 if server.started else 1
