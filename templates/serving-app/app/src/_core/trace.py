"""The trace id of a request: whose log lines and answers belong together."""

import re
import uuid
from collections.abc import Iterable
from contextvars import ContextVar

trace_id: ContextVar[str] = ContextVar("trace_id", default="")

_traceparent = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_plain = re.compile(r"[A-Za-z0-9._-]{8,64}")


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """That of W3C's traceparent, else of x-trace-id or x-request-id, else a new one. What could forge a log line is not taken."""
    found = {name: value.decode("latin-1") for name, value in headers if name in _names}
    parent = _traceparent.fullmatch(found.get(b"traceparent", ""))
    if parent and set(parent[1]) != {"0"}:
        return parent[1]
    for name in (b"x-trace-id", b"x-request-id"):
        if _plain.fullmatch(found.get(name, "")):
            return found[name]
    return uuid.uuid4().hex


_names = (b"traceparent", b"x-trace-id", b"x-request-id")
