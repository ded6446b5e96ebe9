"""Synthetic records of four provinces, each about firms and of an office of its own place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from scripts.demo_parts.today import PLACES, complete, now, penalty

FIRMS = 1000


def fields(code: str, number: int) -> Mapping[str, Any]:
    """What record `number` of a province says. The same numbers give the same record."""
    firm = number % FIRMS
    return _template(code) | {
        "CF_XDR_MC": f"合成四链{firm}号有限公司",
        "CF_XDR_SHXYM": _firm(code, firm),
        "CF_WSH": f"四链罚〔2026〕{code}第{number}号",
        "CF_SY": f"经查，当事人未按规定公示年度报告（合成四链，第{number}件）。",
    }


def lines_of(code: str) -> Callable[[int, int], Iterator[bytes]]:
    """NDJSON lines of a province's records, from one number on, so many."""

    def lines(first: int, count: int) -> Iterator[bytes]:
        for number in range(first, first + count):
            record = {
                "type": "penalty",
                "schema": "1",
                "class": "general",
                "fields": fields(code, number),
            }
            yield json.dumps(record, ensure_ascii=False).encode() + b"\n"

    return lines


@cache
def _template(code: str) -> dict[str, Any]:
    found: dict[str, Any] = penalty(code, 0, now() - timedelta(days=1))["fields"]
    return found


@cache
def _firm(code: str, firm: int) -> str:
    return complete(f"91{PLACES[code]}", f"MABCH{firm:03d}")
