"""Options of sums of outcomes: at a node, and as an auditor makes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

from ledger.cli.language import say
from ledger.cli.queries import Month

F = TypeVar("F", bound=Callable[..., Any])


def sums_options(command: F) -> F:
    """`--from`, `--until` and `--by`: parameters `first`, `until` and `by`."""
    for option in (
        click.option(
            "--by",
            default="period,region,product",
            show_default=True,
            metavar="D,…",
            help=say(
                zh="按什么汇总：period、region、product、version。",
                en="By what: of period, region, product, version.",
            ),
        ),
        click.option(
            "--until",
            required=True,
            type=Month(),
            metavar="YYYY-MM",
            help=say(zh="最后一个月。", en="The last month."),
        ),
        click.option(
            "--from",
            "first",
            required=True,
            type=Month(),
            metavar="YYYY-MM",
            help=say(zh="第一个月。", en="The first month."),
        ),
    ):
        command = option(command)
    return command


def demand_order(first: tuple[date, date], until: tuple[date, date]) -> None:
    """BadParameter where the last month lies before the first: no sums would look like none."""
    if until < first:
        text = say(zh="最后一个月早于第一个月", en="the last month lies before the first")
        raise click.BadParameter(text, param_hint="--until")
