"""Paths that are the same in every app."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from src._core.context import Serving
from src._core.lifecycle import Lifecycle

open_router = APIRouter(tags=["server"])
"""Asked by the cluster, so without auth."""

about_router = APIRouter(tags=["server"])


@open_router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@open_router.get("/readyz")
async def readyz(request: Request, serving: Serving) -> JSONResponse:
    """It takes requests. 503 from the moment on when it was asked to stop."""
    lifecycle: Lifecycle = request.app.state.lifecycle
    if lifecycle.is_draining:
        return JSONResponse({"status": "stopping"}, 503)
    return JSONResponse({"status": "ready", "model": vars(serving.identity)})


@open_router.get("/metrics", include_in_schema=False)
async def metrics(serving: Serving) -> Response:
    """For Prometheus."""
    return Response(serving.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@about_router.get("/")
async def about(request: Request, serving: Serving) -> dict[str, Any]:
    """What this is, and what can be asked."""
    paths = sorted(path for path in request.app.openapi()["paths"] if path != "/")
    return {"model": vars(serving.identity), "paths": paths, "docs": f"{request.scope.get('root_path', '')}/docs"}
