"""Single requests over plain HTTP. httpx reads all certificates for each of its own, which takes
15 times as long as the request."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no certificate; there is none to read."""


def get(url: str, **options: Any) -> httpx.Response:
    """As `httpx.get`, past every proxy."""
    return httpx.get(url, verify=_NOBODY, trust_env=False, **options)


def post(url: str, **options: Any) -> httpx.Response:
    """As `httpx.post`, past every proxy."""
    return httpx.post(url, verify=_NOBODY, trust_env=False, **options)
