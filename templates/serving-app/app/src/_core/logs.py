"""Logs as JSON, one object a line on standard output, each with the trace id of its request."""

import json
import logging
import sys
from datetime import UTC, datetime

from src._core.trace import trace_id

_own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """What is given as `extra` becomes fields of the line: log.info("answered", extra={"tokens": 12})."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := trace_id.get():
            line["trace_id"] = trace
        line |= {name: value for name, value in vars(record).items() if name not in _own and name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logs(level: str) -> None:
    """Everything that logs in this process goes this way; the server's own lines on requests are left out, since ours say more."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
    for name in ("botocore", "boto3", "urllib3"):
        # At their debug level they write headers, with credentials.
        logging.getLogger(name).setLevel(logging.WARNING)
