"""`credit-ledger audit reconcile`: a department's own register against what a member's node
holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import pick, say
from ledger.cli.node import Answer, Node, expect
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    network_options,
    workbook_option,
)
from ledger.cli.output import EXIT_NO, Refused, Unknown, demand_apart, note, print_json
from ledger.cli.sheets import Sheet, write_sheets
from ledger.cli.tables import plain, stdout
from ledger.core.errors import CouldNotCheck
from ledger.core.verdict.verdict import note_text

_OK, _FORBIDDEN = 200, 403
_MOST_SHOWN = 50
_MOST = 1 << 31
_COUNTS = ("rows", "held", "keptBack", "late", "different", "unlisted", "unreadable")
_NOT_DUE = "not-due"
_LATER_COUNTS = ("notDue", "notYours", "repeated", "unnumbered")
"""Nodes of before these were told do not have them."""

_HELP = say(
    zh="""把部门自有的台账（xlsx、csv：文书号、机关代码、主体代码、日期）与成员节点持有的记录核对。

    列出瞒报（台账有、账本无）、逾期、不一致、台账未载的记录。台账只在节点内存中读取，不保存；
    结果只有行号和记录编号。令牌须有 read 权限并代表该机关（或为中心的令牌）。
    决定后7个工作日内尚未报送的列为“未到期”，既非瞒报，也不算差异。
    退出码：0 没有差异；1 有差异；4 无法核对。

    \b
    示例：
      credit-ledger audit reconcile 台账.xlsx --member 120000 --network network.json
      credit-ledger audit reconcile 台账.csv --member 120000 --authority 机关代码 -o 差异.xlsx \\
          --network network.json
    """,
    en="""Hold a department's own register (xlsx, csv: document numbers, authorities, subjects,
    days) against the records of a member's node.

    Tells what was kept back (in the register, not on the ledger), late, different, or not in the
    register. The node reads the register in memory and does not keep it; the answer has numbers of
    rows and ids of records alone. The token needs `read`, and must be of that authority or of the
    centre. What is not there and still within seven working days of its decision is not due: it
    was not kept back, and is no difference. Exit codes: 0 no differences; 1 some; 4 could not
    check.

    \b
    Examples:
      credit-ledger audit reconcile register.xlsx --member 120000 --network network.json
      credit-ledger audit reconcile register.csv --member 120000 --authority USCC -o diff.xlsx \\
          --network network.json
    """,
)


@click.command("reconcile", help=_HELP)
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--member", required=True, metavar="CODE", help=say(zh="成员代码。", en="Code of the member.")
)
@click.option(
    "--authority",
    metavar="USCC",
    help=say(zh="台账没有机关代码列时的机关。", en="Of rows that name no authority."),
)
@click.option("--token", metavar="T", help=say(zh="令牌。", en="Token."))
@workbook_option(zh="写成工作簿。", en="Write the differences as a workbook.")
@network_options
@json_option
def reconcile(
    *,
    table: Path,
    member: str,
    authority: str | None,
    token: str | None,
    out: Path | None,
    network: Path,
    rpc: tuple[str, ...],
    as_json: bool,
) -> int:
    """See `_HELP`."""
    demand_apart(out, table, network, hint="-o")
    with Node(_endpoint(network, rpc, member), token) as node:
        answer = node.post(
            "/v1/reconcile",
            params={} if authority is None else {"authority": authority},
            files={"file": (table.name, table.read_bytes())},
        )
    if answer.status != _OK:
        # A token that may not compare has compared nothing: that is no difference.
        raise Unknown(_why(answer))
    told = _told(expect(answer, _OK))
    if told.get("member") != member:
        raise Unknown(say(zh="应答的是另一成员的节点。", en="The node is of another member."))
    if out is not None:
        write_sheets(out, _sheets(told))
        note(say(zh=f"工作簿：{out}", en=f"workbook: {out}"))
    if as_json:
        print_json(told)
    else:
        _show(told)
    return EXIT_NO if any(item["state"] != _NOT_DUE for item in told["items"]) else 0


def _endpoint(path: Path, rpc: tuple[str, ...], member: str) -> str:
    """Where the member is reached, by the chain."""
    from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415 - see `--help`
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    network = load_network(path, rpc)
    reader = QuorumReader(
        network, now=local_clock(), on_note=lambda told: note(pick(note_text(told)))
    )
    try:
        view = reader.head()
        found = Consortium(network.consortium, view.call, view.calls).member(member)
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        reader.close()
    if found is None:
        text = say(zh="网络中没有此成员", en="the network has no such member")
        raise click.BadParameter(text, param_hint="--member")
    if not found.endpoint:
        raise Unknown(say(zh="该成员没有登记地址。", en="The member has registered no address."))
    return found.endpoint


def _told(answer: Answer) -> dict[str, Any]:
    """What the node says, where it has the form of such an answer: it may be the node of whoever is
    audited. Raises Unknown."""
    told = answer.json()
    try:
        good = (
            isinstance(told["member"], str)
            and all(map(_is_unit, told["units"]))
            and all(map(_is_item, told["items"]))
            and all(map(_is_skipped, told.get("skipped", [])))
        )
    except (KeyError, TypeError, AttributeError):
        good = False
    if not good or not isinstance(told["units"], list) or not isinstance(told["items"], list):
        text = say(zh="节点的回答不符合格式。", en="The node's answer has not the form of one.")
        raise Unknown(text)
    found: dict[str, Any] = told
    return found


def _is_unit(unit: dict[str, Any]) -> bool:
    counts = all(_is_count(unit[name]) for name in _COUNTS) and all(
        _is_count(unit.get(name, 0)) for name in _LATER_COUNTS
    )
    return counts and _is_text(unit["unit"]) and isinstance(unit["complete"], bool)


def _is_item(item: dict[str, Any]) -> bool:
    texts = all(_is_text(item[name]) for name in ("unit", "sheet", "leaf", "recordId"))
    row, fields = item["row"], item["fields"]
    return (
        texts
        and isinstance(item["state"], str)
        and (row is None or _is_count(row))
        and isinstance(fields, list)
        and all(isinstance(name, str) for name in fields)
    )


def _is_skipped(one: dict[str, Any]) -> bool:
    return _is_text(one["sheet"]) and (one["rows"] is None or _is_count(one["rows"]))


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _why(answer: Answer) -> str:
    if answer.status == _FORBIDDEN:
        hint = say(
            zh="令牌须有 read 权限，并代表台账中的机关",
            en="the token needs `read`, and to be of the authorities in the register",
        )
        return f"{answer.problem()}: {hint}"
    try:
        expect(answer, _OK)
    except Refused as error:
        return error.message
    return answer.problem()


def _states() -> dict[str, str]:
    return {
        "kept-back": say(zh="瞒报（账本无）", en="kept back (not on the ledger)"),
        "late": say(zh="逾期", en="late"),
        "different": say(zh="不一致", en="different"),
        "unlisted": say(zh="台账未载", en="not in the register"),
        "unreadable": say(zh="无法核对", en="not to be compared"),
        _NOT_DUE: say(zh="未到期（尚未报送）", en="not due yet"),
        "not-yours": say(zh="不属本令牌（前身机关任期外）", en="not this token's to compare"),
    }


def _head() -> tuple[str, ...]:
    return (
        say(zh="单位", en="Unit"),
        say(zh="结果", en="Result"),
        say(zh="工作表", en="Sheet"),
        say(zh="行号", en="Row"),
        say(zh="记录编号", en="Record id"),
        say(zh="不一致的列", en="Differs in"),
    )


def _cells(item: dict[str, Any]) -> tuple[object, ...]:
    state = _states().get(item["state"], item["state"])
    fields = ", ".join(item["fields"]) or None
    return (item["unit"], state, item["sheet"], item["row"], item["recordId"], fields)


def _unit_head() -> tuple[str, ...]:
    return (
        say(zh="单位", en="Unit"),
        say(zh="台账行数", en="Rows"),
        say(zh="账本有", en="Held"),
        *_states().values(),
        say(zh="重复行", en="Repeated"),
        say(zh="无文号记录", en="Without number"),
        say(zh="是否完整", en="Complete"),
    )


def _unit_cells(unit: dict[str, Any]) -> tuple[object, ...]:
    counts = [unit.get(name, 0) for name in (*_COUNTS, *_LATER_COUNTS)]
    complete = say(zh="是", en="yes") if unit["complete"] else say(zh="否", en="no")
    return (unit["unit"], *counts, complete)


def _sheets(told: dict[str, Any]) -> list[Sheet]:
    return [
        Sheet(
            name=say(zh="汇总", en="Summary"),
            head=_unit_head(),
            rows=list(map(_unit_cells, told["units"])),
        ),
        Sheet(
            name=say(zh="差异", en="Differences"),
            head=_head(),
            rows=list(map(_cells, told["items"])),
        ),
    ]


def _show(told: dict[str, Any]) -> None:
    console, items = stdout(), told["items"]
    for head, rows in (
        (_unit_head(), map(_unit_cells, told["units"])),
        (_head(), map(_cells, items[:_MOST_SHOWN])),
    ):
        table = Table(box=SIMPLE_HEAD)
        for name in head:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(plain("–" if cell is None else cell) for cell in row))
        console.print(table)
    _tell_skipped(told.get("skipped", []))
    if len(items) > _MOST_SHOWN:
        more = len(items) - _MOST_SHOWN
        console.print(say(zh=f"另有 {more} 条，见 -o 或 --json", en=f"{more} more: -o or --json"))


def _tell_skipped(skipped: list[dict[str, Any]]) -> None:
    """What of the table was not compared."""
    for one in skipped[:_MOST_SHOWN]:
        where, rows = one["sheet"] or "–", one["rows"]
        if rows is None:
            zh, en = "没有找到表头，未核对", "no header was found; not compared"
        else:
            zh, en = f"{rows} 行合计、填报人等，未核对", f"{rows} rows of totals and the like"
        note(say(zh=f"工作表 {where}：{zh}", en=f"sheet {where}: {en}"))
