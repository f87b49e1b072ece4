"""The pages: each asks one function it was given and writes down the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from monitor import __version__
from monitor.model import JsonObject
from monitor.web.links import Links, add_links
from monitor.web.push import Push, add_push


@dataclass(frozen=True, slots=True)
class Health:
    """``well`` decides between 200 and 503; ``document`` is shown as it is."""

    well: bool
    document: JsonObject


def create_app(
    *,
    health: Callable[[], Health],
    metrics: Callable[[str], tuple[bytes, str]],
    push: Push | None = None,
    links: Links | None = None,
) -> FastAPI:
    """Without ``push`` nothing is taken, without ``links`` no message can be acted on."""
    # No interactive documentation: it would load scripts from elsewhere into an operator's browser.
    app = FastAPI(title="monitor", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> Response:
        found = health()
        return JSONResponse(found.document, status_code=200 if found.well else 503, headers={"Cache-Control": "no-store"})

    @app.get("/metrics")
    async def metrics_page(request: Request) -> Response:
        body, content_type = metrics(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    if push is not None:
        add_push(app, push)
    if links is not None:
        add_links(app, links)
    return app
