"""`credit-ledger history`: all records of a subject that a node may give, as a file with proofs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ledger.cli.file_tables import show_history
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Unknown, demand_new, note, print_json, write_file
from ledger.cli.verify import Day
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.history import check_file, parse_file
from ledger.files.history import HistoryVerdict

_OK = 200


@click.command(
    "history",
    help=say(
        zh="""取一个主体的全部历史：本节点可以提供的每条记录的回执、对它所做的链上行为、案件步骤的开启件，
        由本节点签名。未提供的只列明原因和数量。需要中心的令牌（read）；每条记录记入访问日志。

        企业迁往他省时用 --member 指明接收的省：按访问表（用途 relocation）提供，已修复、更正、
        撤销、终止或屏蔽的记录不随迁。不带 --member 则是交给主体本人：已关闭的记录只给不含内容的
        回执和所做的行为。

        \b
        示例：
          credit-ledger history 91110000600037341L --member 130000 --to URL -o history.json
          credit-ledger verify history.json --network network.json --as-of 2026-11-20

        退出码：0 已取得 · 1 被拒绝 · 4 无法连接
        """,
        en="""Get the whole history of a subject: of each record that the node may give the receipt,
        what was done to it on the chain, and openings of steps of cases, signed by the node. What
        is left out is told by reason and number alone. Needs the centre's token (read); each record
        stands in the access log.

        When a firm moves to another province, name that with --member: it is given what the access
        table gives it (purpose relocation), so nothing of what was repaired, corrected, withdrawn,
        ended or shielded goes along. Without --member it is for the subject itself: of closed
        records it holds the receipt without content, and what was done.

        \b
        Examples:
          credit-ledger history 91110000600037341L --member 130000 --to URL -o history.json
          credit-ledger verify history.json --network network.json --as-of 2026-11-20

        Exit codes: 0 got it · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("code", metavar="CODE")
@click.option(
    "--member",
    metavar="CODE",
    help=say(
        zh="交给哪个省；不写则交给主体本人。",
        en="The province that gets it; without, it is for the subject.",
    ),
)
@click.option(
    "--as-of",
    type=Day(),
    metavar="DATE",
    help=say(
        zh="只含该日 24 时（北京时间）前已存证的记录；默认今天。",
        en="Records anchored by the end of that day (Asia/Shanghai); today by default.",
    ),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入此处；不得已存在。", en="Where it is written; must not exist."),
)
@node_options
@json_option
def history(
    *,
    code: str,
    member: str | None,
    as_of: date | None,
    out: Path,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    demand_new(out, hint="-o")
    asked: dict[str, str] = {"code": code, "purpose": "own"}
    if member is not None:
        asked |= {"purpose": "relocation", "to": member}
    if as_of is not None:
        asked["asOf"] = as_of.isoformat()
    with Node(url, token) as node:
        data = expect(node.post_slowly("/v1/histories", json=asked), _OK).body
    try:
        file = parse_file(data)
        check_file(file)
    except (EvidenceError, VersionUnknown) as error:
        raise Unknown(str(error)) from error
    write_file(out, data, private=True)
    note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    value = HistoryVerdict(file=file, problems=()).as_dict()
    for name in ("verdict", "records", "asOf"):  # nothing was verified
        del value[name]
    value |= {"_type": "credit-ledger/history-got@1", "records": len(file.history.records)}
    if as_json:
        print_json(value)
    else:
        show_history(code, value, None)
    return 0
