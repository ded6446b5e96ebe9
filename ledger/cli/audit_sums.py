"""`credit-ledger audit sums`: sums of what institutions reported, made from openings, and published
ones held against them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from ledger.cli.column_words import columns
from ledger.cli.language import say
from ledger.cli.options import json_option, load_network, network_options
from ledger.cli.output import (
    EXIT_NO,
    EXIT_UNKNOWN,
    demand_apart,
    note,
    print_json,
    print_rows,
    shown_path,
    write_file,
)
from ledger.cli.problems import told as told_problem
from ledger.cli.replay_tables import show_findings
from ledger.cli.replaying import Asked, mirror_option, run_replay
from ledger.cli.sums_options import demand_order, sums_options
from ledger.core.sums import DIMENSIONS

_HELP = say(
    zh="""由开启件汇总金融机构报送的成效（每格以序号最高者为准），并与公布的汇总核对。

    重放全部日志，只计已证明由该机构作出的声明。月份、地区、产品、版本相同的一格少于五户的不显示，
    也不计入任何合计；公布的汇总显示了这样的一格，或可由相减推算出来的，一并指出。
    FILE 以 .csv 结尾写 CSV（UTF-8，带 BOM），否则写 JSON。
    汇总之时以前的声明尚未全部上链存证的，只作说明（sums-not-anchored），次日再核对。
    退出码：0 相符；1 公布的汇总或成效有问题；4 不完整（有机构的声明未全部打开，或读不到）。

    \b
    示例：
      credit-ledger audit sums --openings openings --from 2026-01 --until 2026-11 \\
          --by region -o 汇总.csv --network network.json
      credit-ledger audit sums --openings openings --from 2026-10 --until 2026-10 \\
          --against 公布的汇总.json --network network.json
    """,
    en="""Add up from openings what institutions reported (of each cell the highest number counts),
    and hold published sums against it.

    All logs are replayed: only statements that are proven to be the institution's count. A cell, of
    one month, region, product and version, under five households is not shown and goes into no sum;
    published sums that show one, or from which one can be subtracted, are told. Where what was
    stated before they were made is not anchored yet, that is noted (`sums-not-anchored`) and is no
    error: hold them against it again the day after. FILE ends with .csv
    for CSV (UTF-8 with BOM), else it is JSON.
    Exit codes: 0 they agree; 1 something is wrong with published sums or outcomes; 4 incomplete (an
    institution did not open all of its statements, or something could not be read).

    \b
    Examples:
      credit-ledger audit sums --openings openings --from 2026-01 --until 2026-11 \\
          --by region -o sums.csv --network network.json
      credit-ledger audit sums --openings openings --from 2026-10 --until 2026-10 \\
          --against published.json --network network.json
    """,
)
_FIGURES = ("households", "granted", "lent", "members", "hidden")
_ABOUT = ("outcome-", "sums-")
"""Findings of which this command tells; all others are those of `audit replay`."""


@click.command("sums", help=_HELP)
@click.option(
    "--openings",
    multiple=True,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR|FILE",
    help=say(
        zh="开启件，或 audit openings 所存的文件夹（可重复）。",
        en="Openings, or the folder that `audit openings` keeps (repeatable).",
    ),
)
@sums_options
@click.option(
    "--against",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="公布的汇总，即 outcome sums --json 的输出（可重复）。",
        en="Published sums, what `outcome sums --json` writes (repeatable).",
    ),
)
@mirror_option
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把汇总写入文件。", en="Write the sums to a file."),
)
@network_options
@json_option
def sums(
    *,
    openings: tuple[Path, ...],
    first: tuple[date, date],
    until: tuple[date, date],
    by: str,
    against: tuple[Path, ...],
    mirror: dict[str, str],
    out: Path | None,
    network: Path,
    rpc: tuple[str, ...],
    as_json: bool,
) -> int:
    """See `_HELP`."""
    from ledger.audit.judge_sums import SumsAsked  # noqa: PLC0415 - see `--help`

    demand_apart(out, network, *openings, *against, hint="--out")
    demand_order(first, until)
    _demand_sums(against)
    names = _dimensions(by)
    asked = Asked(
        openings=(*openings, *against),
        mirrors=mirror,
        sums=SumsAsked(first[0].isoformat()[:7], until[0].isoformat()[:7], names),
    )
    document = run_replay(load_network(network, rpc), asked).document
    found = [one for one in document["findings"] if one["code"].startswith(_ABOUT)]
    incomplete = bool(document["incomplete"]) or "sums" not in document
    incomplete = incomplete or bool(document["finance"]["unseen"].get("outcomes"))
    told = document.get("sums", {"by": names, "items": []})
    if out is not None:
        write_file(out, _file(out, told))
        note(say(zh=f"汇总：{out}", en=f"sums: {out}"))
    if as_json:
        print_json({**told, "incomplete": incomplete, "findings": found})
    else:
        head = (*names, *_FIGURES)
        print_rows([[item[name] for name in head] for item in told["items"]], head=columns(*head))
        show_findings(found)
    if incomplete:
        note(
            say(
                zh="不完整：有机构的声明未全部打开，或有日志、开启件读不到（详见 audit replay）",
                en="incomplete: an institution did not open all of its statements, or a log or an "
                "opening could not be read (see `audit replay`)",
            )
        )
        return EXIT_UNKNOWN
    return EXIT_NO if any(one["severity"] != "note" for one in found) else 0


def _demand_sums(against: Sequence[Path]) -> None:
    """BadParameter where one is something else, which would be held against nothing."""
    from ledger.audit.opening_files import NotOpenings, is_sums  # noqa: PLC0415 - see `--help`

    for path in against:
        try:
            fit = is_sums(path)
        except NotOpenings as error:
            raise click.BadParameter(told_problem(error), param_hint="--against") from error
        if not fit:
            text = say(
                zh="不是公布的汇总（outcome sums --json 的输出）",
                en="is no file of published sums, which `outcome sums --json` writes",
            )
            raise click.BadParameter(f"{shown_path(path)}: {text}", param_hint="--against")


def _dimensions(by: str) -> list[str]:
    names = [name for name in by.split(",") if name]
    if not set(names) <= set(DIMENSIONS) or len(set(names)) != len(names):
        known = ", ".join(DIMENSIONS)
        text = say(zh=f"须取自 {known}，各一次", en=f"must be of {known}, each once")
        raise click.BadParameter(text, param_hint="--by")
    return names


def _file(out: Path, told: dict[str, Any]) -> bytes:
    if out.suffix.lower() != ".csv":
        from orjson import OPT_INDENT_2, dumps  # noqa: PLC0415 - where JSON is asked for

        return dumps(told, option=OPT_INDENT_2) + b"\n"
    return _csv((*told["by"], *_FIGURES), told["items"])


def _csv(head: Sequence[str], items: Sequence[dict[str, Any]]) -> bytes:
    """As spreadsheets open it; what is hidden is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([item[name] for name in head] for item in items)
    return b"\xef\xbb\xbf" + text.getvalue().encode()
