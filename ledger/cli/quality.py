"""`credit-ledger audit quality`: the quality files of all provinces, verified and ranked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import orjson
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.audit.quality import (
    CODES,
    By,
    Finding,
    Ranked,
    Told,
    collect,
    exit_of,
    over_http,
    rank,
)
from ledger.audit.quality_log import compare
from ledger.audit.tiles import Fetch, HttpFetch, is_plain_url, log_url
from ledger.cli.language import pick, say
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    network_options,
    workbook_option,
)
from ledger.cli.output import Unknown, demand_apart, note, print_json, shown_path
from ledger.cli.sheets import Sheet, write_sheets
from ledger.cli.tables import plain, stdout
from ledger.core.errors import CouldNotCheck, Malformed
from ledger.core.verdict.verdict import note_text
from ledger.records.quality import Period

if TYPE_CHECKING:
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.http import Http

TYPE = "credit-ledger/quality-table@1"

_HELP = say(
    zh="""取得各省某月（或某周）的质量文件，用链上登记的密钥核验签名，列出排名。

    合规率＝合规行数／收到行数；及时率＝七个工作日内／有时限的合规行数；重错码率＝主体代码有误行数
    ／收到行数；瞒报率由 audit reconcile 的结果（--reconciled）给出。
    已封账的期间还与该成员的公开日志核对数量（--no-log 不核对）。
    退出码：0 全部无误；1 有文件不正确；4 有文件无法取得或核对。

    \b
    示例：
      credit-ledger audit quality --month 2026-11 --network network.json
      credit-ledger audit quality --week 2026-W48 --by authority -o 周报.xlsx --network network.json
    """,
    en="""Fetch every province's quality file of a month (or week), verify it by the keys on the
    chain, and rank.

    Conforming: of the rows received. In time: within seven working days, of the conforming rows
    that the limit binds. Wrong codes: rows whose subject's code is none, of those received. Kept
    back: from what `audit reconcile` wrote (--reconciled). Of a closed period the figures are
    compared with the member's public log too (not with --no-log).
    Exit codes: 0 all in order; 1 a file is wrong; 4 one could not be had or checked.

    \b
    Examples:
      credit-ledger audit quality --month 2026-11 --network network.json
      credit-ledger audit quality --week 2026-W48 --by authority -o week.xlsx --network network.json
    """,
)


@click.command("quality", help=_HELP)
@network_options
@click.option("--month", metavar="YYYY-MM", help=say(zh="月份。", en="The month."))
@click.option("--week", metavar="YYYY-Www", help=say(zh="周（ISO）。", en="The ISO week."))
@click.option(
    "--by",
    type=click.Choice(get_args(By)),
    default="member",
    show_default=True,
    help=say(zh="按成员或按数据来源单位排名。", en="Rank members, or the units that file."),
)
@click.option(
    "--reconciled",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="audit reconcile --json 的结果（可重复），用于瞒报率。",
        en="What `audit reconcile --json` printed (repeatable), for what was kept back.",
    ),
)
@click.option(
    "--log/--no-log",
    "logs",
    default=True,
    show_default=True,
    help=say(zh="是否与公开日志核对。", en="Whether to compare with the public logs."),
)
@workbook_option(zh="写成工作簿。", en="Write it as a workbook.")
@json_option
def quality(
    *,
    network: Path,
    rpc: tuple[str, ...],
    month: str | None,
    week: str | None,
    by: By,
    reconciled: tuple[Path, ...],
    logs: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """See `_HELP`."""
    period = _period(month, week)
    demand_apart(out, network, *reconciled, hint="-o")
    kept_back = dict(pair for path in reconciled for pair in _kept_back(path))
    found = _collect(load_network(network, rpc), period, logs=logs)
    lines = rank(found, by, kept_back)
    if out is not None:
        write_sheets(out, _sheets(period, found, lines))
        note(say(zh=f"工作簿：{out}", en=f"workbook: {out}"))
    if as_json:
        print_json(_document(period, found, lines))
    else:
        _show(period, found, lines)
    return exit_of(found)


def _period(month: str | None, week: str | None) -> Period:
    if (month is None) == (week is None):
        text = say(zh="请给出 --month 或 --week 之一", en="give one of --month and --week")
        raise click.UsageError(text)
    name = month or week or ""
    try:
        period = Period.parse(name)
    except Malformed as error:
        raise click.BadParameter(str(error), param_hint="--month / --week") from error
    if (week is not None) != ("W" in name):
        text = say(zh="月份写作 2026-11，周写作 2026-W48", en="months are 2026-11, weeks 2026-W48")
        raise click.BadParameter(text, param_hint="--month / --week")
    return period


def _kept_back(path: Path) -> list[tuple[tuple[str, str], tuple[int, int]]]:
    """What was reconciled, by member and unit."""
    hint = "--reconciled"
    try:
        told = orjson.loads(path.read_bytes())
        member = told["member"]
        pairs = [
            ((str(member), str(unit["unit"] or "")), (int(unit["keptBack"]), _compared(unit)))
            for unit in told["units"]
        ]
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint=hint) from error
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        text = say(zh="不是 audit reconcile --json 的结果", en="not from audit reconcile --json")
        raise click.BadParameter(f"{shown_path(path)}: {text}", param_hint=hint) from error
    return pairs


def _compared(unit: dict[str, Any]) -> int:
    """Rows that were compared and are due, each once."""
    others = ("repeated", "notYours", "notDue")
    return int(unit["rows"]) - sum(int(unit.get(name, 0)) for name in others)


def _collect(network: NetworkFile, period: Period, *, logs: bool) -> list[Told]:
    from ledger.chain.nodes import http as https  # noqa: PLC0415 - `--help` need not wait
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    http = https.Http()
    reader = QuorumReader(
        network, now=local_clock(), on_note=lambda told: note(pick(note_text(told)))
    )
    try:
        view = reader.head()
        found = collect(network, view, period, over_http(http))
        for told in found if logs else ():
            compare(network, view, told, _fetch_for(http))
        return found
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        reader.close()
        http.close()


def _fetch_for(http: Http) -> Callable[[str, bytes], Fetch | None]:
    def fetch_for(endpoint: str, log: bytes) -> Fetch | None:
        return HttpFetch(http, log_url(endpoint, log)) if is_plain_url(endpoint) else None

    return fetch_for


def _document(period: Period, found: Sequence[Told], lines: Sequence[Ranked]) -> dict[str, Any]:
    return {
        "_type": TYPE,
        "period": period.name,
        "from": period.first.isoformat(),
        "until": period.last.isoformat(),
        "members": [
            {
                "member": told.member,
                "state": _state(told),
                "digest": told.digest,
                "findings": [finding.as_dict() for finding in told.findings],
            }
            for told in found
        ],
        "rows": [line.as_dict() for line in lines],
    }


def _state(told: Told) -> str:
    if told.quality is None:
        return "wrong" if any(finding.wrong for finding in told.findings) else "missing"
    return "provisional" if told.quality.provisional else "closed"


def _state_text(told: Told) -> str:
    return {
        "wrong": say(zh="不正确", en="wrong"),
        "missing": say(zh="未取得", en="not to be had"),
        "provisional": say(zh="暂计", en="provisional"),
        "closed": say(zh="已封账", en="closed"),
    }[_state(told)]


def _head() -> tuple[str, ...]:
    return (
        say(zh="名次", en="Rank"),
        say(zh="成员", en="Member"),
        say(zh="单位", en="Unit"),
        say(zh="收到", en="Received"),
        say(zh="合规", en="Conforming"),
        say(zh="合规率%", en="Conforming %"),
        say(zh="及时率%", en="In time %"),
        say(zh="重错码率%", en="Wrong codes %"),
        say(zh="瞒报率%", en="Kept back %"),
    )


def _cells(line: Ranked) -> tuple[object, ...]:
    counts, rates = line.counts, line.rates
    names = ("conforming", "timely", "wrongCodes", "keptBack")
    shares = (None if (rate := rates[name]) is None else Decimal(rate) for name in names)
    return (
        line.rank,
        line.member,
        counts.unit or None,
        counts.received,
        counts.conforming,
        *shares,
    )


def _show(period: Period, found: Sequence[Told], lines: Sequence[Ranked]) -> None:
    console = stdout()
    title = f"{period.name} ({period.first} – {period.last})"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left")
    for at, name in enumerate(_head()):
        table.add_column(name, justify="left" if at in (1, 2) else "right", overflow="fold")
    for line in lines:
        table.add_row(*(plain("–" if cell is None else cell) for cell in _cells(line)))
    console.print(table)
    for told in found:
        console.print(plain(f"{told.member}: {_state_text(told)}"))
        for finding in told.findings:
            console.print(plain(f"  {_told(finding)}", "red" if finding.wrong else "yellow"))


def _told(finding: Finding) -> str:
    zh, en = CODES[finding.code]
    evidence = ", ".join(f"{name} {value}" for name, value in finding.evidence.items())
    return f"{say(zh=zh, en=en)} [{finding.code}]" + (f" ({evidence})" if evidence else "")


def _sheets(period: Period, found: Sequence[Told], lines: Sequence[Ranked]) -> list[Sheet]:
    """The ranking, why rows were refused, and where each figure comes from."""
    return [
        Sheet(
            name=say(zh="排名", en="Ranking"),
            head=(
                *_head(),
                say(zh="及时", en="In time"),
                say(zh="逾期", en="Late"),
                say(zh="时限未知", en="Limit unknown"),
                say(zh="错码行", en="Wrong codes"),
                say(zh="重复行", en="There already"),
                say(zh="更正行", en="Corrections"),
            ),
            rows=[(*_cells(line), *_further(line)) for line in lines],
        ),
        Sheet(
            name=say(zh="退回原因", en="Refused by code"),
            head=(
                say(zh="成员", en="Member"),
                say(zh="单位", en="Unit"),
                say(zh="类型", en="Type"),
                say(zh="代码", en="Code"),
                say(zh="行数", en="Rows"),
            ),
            rows=[
                (told.member, row.unit, row.type, code, count)
                for told in found
                if told.quality is not None
                for row in told.quality.rows
                for code, count in row.rejected.items()
            ],
        ),
        Sheet(
            name=say(zh="来源", en="Sources"),
            head=(
                say(zh="成员", en="Member"),
                say(zh="期间", en="Period"),
                say(zh="状态", en="State"),
                say(zh="问题", en="Findings"),
            ),
            rows=[
                (
                    told.member,
                    f"{period.first} – {period.last}",
                    _state_text(told),
                    "\n".join(map(_told, told.findings)),
                )
                for told in found
            ],
        ),
    ]


def _further(line: Ranked) -> tuple[int, ...]:
    counts = line.counts
    timely = (counts.timely.get(answer, 0) for answer in ("yes", "no", "unknown"))
    return (*timely, counts.wrong_codes, counts.duplicates, counts.corrected)
