"""Puts the author's routers and the core together."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from src._core.auth import guard_of
from src._core.boundary import Boundary
from src._core.context import Identity, ServingContext
from src._core.health import about_router, open_router
from src._core.lifecycle import Lifecycle
from src._core.metrics import Metrics
from src._core.settings import Settings
from src._core.trace import trace_id

FAULTS_MAX = 20


def create_application(
    settings: Settings, identity: Identity, model: Any, routers: Sequence[APIRouter], lifecycle: Lifecycle | None = None
) -> FastAPI:
    metrics = Metrics(identity.name, identity.version, identity.digest)
    context = ServingContext(settings, identity, model, metrics)
    application = FastAPI(title=identity.name, version=identity.version or "0")
    application.state.context = context
    application.state.lifecycle = lifecycle or Lifecycle(settings.drain_seconds)
    guarded = [Depends(guard_of(settings))]
    application.include_router(open_router)
    application.include_router(about_router, dependencies=guarded)
    for router in routers:
        # Who may not call takes no place.
        application.include_router(router, dependencies=[*guarded, Depends(context.limits.place)])
    application.add_exception_handler(HTTPException, refused)
    application.add_exception_handler(RequestValidationError, misfit)
    application.add_middleware(Boundary, settings=settings, metrics=metrics, lifecycle=application.state.lifecycle)
    return application


async def refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail, "trace_id": trace_id.get()}, error.status_code, error.headers)


async def misfit(_: Request, error: Exception) -> JSONResponse:
    """What does not fit, and where; what was sent is not sent back."""
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:FAULTS_MAX]
    ]
    return JSONResponse({"error": "; ".join(faults), "trace_id": trace_id.get()}, 422)
