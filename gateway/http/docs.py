"""`/docs`: the interface as one plain page, made from `/openapi.json`; no script, no network."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "section{border-top:1px solid #999;padding:.5rem 0}code,pre{font-family:monospace}"
    "pre{background:#f4f4f4;padding:.5rem;overflow:auto}h2 b{color:#05a}"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Every route with its answers; the exact shapes are in `/openapi.json`."""
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})


def page(spec: dict[str, Any]) -> str:
    """The page of an OpenAPI object."""
    parts = [
        _operation(path, method, operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    title = escape(f"{spec['info']['title']} {spec['info']['version']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{escape(spec['info'].get('description', ''))}</p>"
        f'<p>Machine-readable: <a href="/openapi.json">/openapi.json</a></p>'
        f"{''.join(parts)}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer.get('description', ''))}</li>"
        for status, answer in operation.get("responses", {}).items()
    )
    inputs = "".join(
        f"<li><code>{escape(item['name'])}</code> ({escape(item['in'])})</li>"
        for item in operation.get("parameters", [])
    )
    bodies = "".join(
        f"<p><code>{escape(kind)}</code></p><pre>{escape(_pretty(body.get('schema', {})))}</pre>"
        for kind, body in operation.get("requestBody", {}).get("content", {}).items()
    )
    return (
        f"<section><h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"<ul>{inputs}</ul>{bodies}<ul>{answers}</ul></section>"
    )


def _pretty(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False)
