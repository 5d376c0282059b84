"""From the environment to a server that answers."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from src._core.application import create_application
from src._core.context import Identity
from src._core.lifecycle import Lifecycle
from src._core.logs import configure_logs
from src._core.model import fetch_model
from src._core.server import serve
from src._core.settings import Settings, StartError, read_settings

log = logging.getLogger(__name__)


def main(routers: Sequence[APIRouter], load: Callable[[Path], Any]) -> int:
    """Returns the exit code. It listens only once the model is there, so who probes it sees when it is ready."""
    try:
        settings = read_settings(os.environ)
        configure_logs(settings.log_level)
        with tempfile.TemporaryDirectory(prefix="model-") as folder:
            return run(settings, routers, load, Path(folder))
    except StartError as error:
        print(error, file=sys.stderr)
        return 1


def run(settings: Settings, routers: Sequence[APIRouter], load: Callable[[Path], Any], folder: Path) -> int:
    path, digest = fetch_model(settings, folder)
    try:
        model = load(path)
    except Exception as error:
        log.exception("the model cannot be used")
        raise StartError(f"the model {settings.model_uri} cannot be used: {type(error).__name__}: {error}") from error
    identity = Identity(settings.model_name, settings.model_version, digest)
    lifecycle = Lifecycle(settings.drain_seconds)
    application = create_application(settings, identity, model, routers, lifecycle)
    log.info("the model is loaded", extra={"model": vars(identity)})
    return serve(application, settings, lifecycle)
