"""What every request goes through before a router sees it, and every answer before a caller does."""

import json
import logging
import time

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src._core.lifecycle import Lifecycle
from src._core.metrics import Metrics
from src._core.settings import Settings
from src._core.trace import trace_id, trace_of

log = logging.getLogger("src.requests")

# Asked for every few seconds by those who watch; a line for each would hide the others.
QUIET_PATHS = ("/healthz", "/readyz", "/metrics")


class Boundary:
    """Plain ASGI, so that answers can be streamed: the prefix of the route, the trace id, the size of bodies, measures, a line in the log."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, lifecycle: Lifecycle) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._below_route(scope)
        trace = trace_of(scope["headers"])
        token = trace_id.set(trace)
        began = time.perf_counter()
        answer = Answer(send, trace, self._lifecycle)
        try:
            await self._app(scope, self._bounded(scope, receive), answer.send)
        except Exception:
            log.exception("the request failed")
            if answer.status:
                # The caller has had a part of it already: to end it as if it were whole would be a lie.
                raise
            await answer.fail()
        finally:
            self._told(scope, answer.status or 499, time.perf_counter() - began)
            trace_id.reset(token)

    def _below_route(self, scope: Scope) -> Scope:
        """A router in front may take ROUTE away or leave it: both arrive at the same."""
        route, path = self._settings.route, scope["path"]
        if not route or not (path == route or path.startswith(f"{route}/")):
            return scope
        below = f"{route}/" if path == route else path
        return {**scope, "path": below, "root_path": scope.get("root_path", "") + route}

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        most, seen = self._settings.max_body_bytes, 0
        too_large = HTTPException(413, f"a body has at most {most} bytes (MAX_BODY_BYTES)", {"Connection": "close"})
        told = dict(scope["headers"]).get(b"content-length", b"")

        async def bounded() -> Message:
            nonlocal seen
            if told.isdigit() and int(told) > most:
                raise too_large
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise too_large
            return message

        return bounded

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's own pattern: what callers write would make a series of its own each.
        path = getattr(scope.get("route"), "path", "other")
        # Of what others invent there is no end either.
        method = scope["method"] if scope["method"] in _methods else "other"
        self._metrics.answered(method, path, status, seconds)
        if path in QUIET_PATHS and status < 500:
            return
        log.info(
            "answered",
            extra={"method": method, "path": path, "status": status, "milliseconds": round(seconds * 1000, 1)},
        )


class Answer:
    """Sends an answer on, and remembers its status."""

    def __init__(self, send: Send, trace: str, lifecycle: Lifecycle) -> None:
        self._send = send
        self._trace = trace
        self._lifecycle = lifecycle
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", []), (b"x-trace-id", self._trace.encode())]
            if self._lifecycle.is_draining:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def fail(self) -> None:
        body = json.dumps({"error": "the server failed", "trace_id": self._trace}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


_methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
