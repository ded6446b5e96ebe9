"""`credit-ledger lists`: who is on a list of all provinces on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from ledger.cli.file_tables import show_list
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Unknown, note, print_json, write_file
from ledger.cli.verify import Day
from ledger.core.day_list import check_file, parse_file
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.files.lists import ListVerdict
from ledger.records import uscc
from ledger.records.lists import LISTS, find

_OK = 200


@click.group(
    help=say(zh="名单：某日各省合并的名单。", en="Lists: who was on one, of all provinces."),
)
def lists() -> None:
    """Group; its help is above."""


@lists.command(
    "show",
    help=say(
        zh="""取某日各省合并的名单：每条附回执，由各省和本节点签名，未答复的省份及原因列明。
        LIST 是列入类记录的类型或其中文名称（严重失信主体名单、经营异常名录、守信激励名单）。
        此处只显示，不核验；核验用 credit-ledger verify 文件。

        \b
        示例：
          credit-ledger lists show 经营异常名录 --to http://127.0.0.1:8546
          credit-ledger lists show abnormal-list --on 2026-11-20 -o list.json --to URL
          credit-ledger verify list.json --network network.json

        退出码：0 已取得（未答复省份另行列明） · 1 被拒绝 · 4 无法连接
        """,
        en="""Get the list of a day of all provinces: each entry with its receipt, signed by each
        province and by the node asked; provinces that are missing are named with the reason. LIST
        is the type of the records that enter somebody, or its Chinese name. It is shown here and
        not verified: that is done by `credit-ledger verify FILE`.

        \b
        Examples:
          credit-ledger lists show abnormal-list --to http://127.0.0.1:8546
          credit-ledger lists show 经营异常名录 --on 2026-11-20 -o list.json --to URL
          credit-ledger verify list.json --network network.json

        Exit codes: 0 got it (who is missing is told) · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("name", metavar="LIST")
@click.option(
    "--on",
    type=Day(),
    metavar="DATE",
    help=say(zh="哪一天；默认今天。", en="Of which day; today by default."),
)
@click.option(
    "--code",
    metavar="USCC",
    help=say(zh="只显示这个主体。", en="Show the entries of this subject alone."),
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把签名文件写入此处。", en="Write the signed file."),
)
@node_options
@json_option
def show(
    *,
    name: str,
    on: date | None,
    code: str | None,
    out: Path | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    kind = find(name)
    if kind is None:
        known = "、".join(f"{one.entry} {one.title['zh']}" for one in LISTS)
        message = say(zh=f"没有此名单；有：{known}", en=f"no such list; there are: {known}")
        raise click.BadParameter(message, param_hint="LIST")
    days = {} if on is None else {"on": on.isoformat()}
    with Node(url, token) as node:
        data = expect(node.get_slowly(f"/v1/lists/{kind.entry}", **days), _OK).body
    value = _read(data)
    if out is not None:
        write_file(out, data, private=True)
        note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    if code is not None:
        wanted = uscc.normalise(code)
        value["entries"] = [row for row in value["entries"] if row["code"] == wanted]
    del value["verdict"]  # nothing was verified
    if as_json:
        print_json(value | {"_type": "credit-ledger/list-shown@1"})
    else:
        show_list(kind.title[say(zh="zh", en="en")], value, None)
        if code is not None and not value["entries"]:
            note(say(zh="当日不在此名单中。", en="It is not on this list that day."))
    return 0


def _read(data: bytes) -> dict[str, Any]:
    """The file as it is shown; Unknown where it is none."""
    try:
        file = parse_file(data)
        check_file(file)
    except (EvidenceError, VersionUnknown) as error:
        raise Unknown(str(error)) from error
    return ListVerdict(file=file, problems=()).as_dict()
