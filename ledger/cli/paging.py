"""Answers of a node that come page by page, and how many of them are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from ledger.cli.language import say
from ledger.cli.output import note

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """items: at most as many as were wanted. last: the last page that was read. more: whether there
    are more items."""

    items: list[dict[str, Any]]
    last: Mapping[str, Any]
    more: bool


def read_pages(page: Callable[[int | None], Mapping[str, Any]], limit: int) -> Found:
    """The items of pages, `{items, next}`. page: the one behind what `next` of the one before says;
    None: the first."""
    last = page(None)
    items = list(last["items"])
    while last["next"] is not None and len(items) < limit:
        last = page(last["next"])
        items += last["items"]
    more = last["next"] is not None or len(items) > limit
    return Found(items=items[:limit], last=last, more=more)


def asked_before(before: int | None) -> dict[str, str]:
    """What is asked of a route that takes `before`."""
    return {} if before is None else {"before": str(before)}


def limit_option(*, default: int, most: int, help_: str) -> Callable[[_F], _F]:
    """How many items are wanted, as `limit`."""
    return click.option(
        "--limit", type=click.IntRange(1, most), default=default, show_default=True, help=help_
    )


def note_more(found: Found) -> None:
    """Say that there are more, where there are."""
    if found.more:
        note(say(zh="还有更多，请加大 --limit。", en="There are more; raise --limit."))
