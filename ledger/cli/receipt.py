"""`credit-ledger receipt`: the receipt of a record from the node that holds it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ledger.cli.language import say
from ledger.cli.node import Answer, Node, expect, retry_after
from ledger.cli.options import json_option
from ledger.cli.output import Refused, Unknown, note, print_json, write_file
from ledger.core import receipt as receipts
from ledger.core.canonical import hex32, unhex32
from ledger.core.errors import Malformed

_OK, _PENDING, _NOT_FOUND, _NO_SUCH_FIELD = 200, 202, 404, 422

_HELP = say(
    zh="""向持有记录的节点索取回执。

    有读取令牌时附带披露（默认全部可披露的字段）；没有令牌或用 --bare 时，只证明已经锚定。
    退出码：0 成功；1 没有这个叶子；4 尚未锚定或无法连接。

    \b
    示例：
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o 回执.json --wait 30
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o 回执.json --fields CF_XDR_SHXYM
    """,
    en="""Gets the receipt of a record from the node that holds it.

    With a token that may read it shows the record's fields (all of them, or --fields); without
    one, or with --bare, it proves no more than that the entry is anchored.
    Exit codes: 0 got it; 1 no such leaf; 4 not anchored yet, or the node cannot be reached.

    \b
    Examples:
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o receipt.json --wait 30
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o receipt.json --fields CF_XDR_SHXYM
    """,
)


@click.command("receipt", help=_HELP)
@click.argument("leaf")
@click.option("--from", "url", required=True, metavar="URL", help=say(zh="节点。", en="The node."))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="File to write."),
)
@click.option("--token", metavar="T", help=say(zh="读取令牌。", en="Token that may read."))
@click.option(
    "--fields",
    metavar="A,B",
    help=say(zh="只披露这些字段（逗号分隔）。", en="Show these fields only (comma list)."),
)
@click.option("--bare", is_flag=True, help=say(zh="不披露任何字段。", en="Show no fields."))
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help=say(zh="等待锚定的秒数。", en="Wait that long for it to be anchored."),
)
@json_option
def receipt(
    *,
    leaf: str,
    url: str,
    out: Path,
    token: str | None,
    fields: str | None,
    bare: bool,
    wait: float,
    as_json: bool,
) -> int:
    """See `_HELP`."""
    if bare and fields is not None:
        raise click.UsageError("--bare / --fields")
    wanted = _leaf(leaf)
    with Node(url, token) as node:
        if fields is not None and node.token is None:
            raise click.UsageError(say(zh="--fields 需要令牌", en="--fields needs a token"))
        shown = node.token is not None and not bare
        path = f"/v1/records/{hex32(wanted)}/receipt" if shown else f"/v1/receipts/{hex32(wanted)}"
        answer = _wait_for(node, path, {} if fields is None else {"fields": fields}, wait)
    _check(answer.body, wanted)
    write_file(out, answer.body)
    if as_json:
        print_json({"leaf": hex32(wanted), "file": str(out), "disclosed": shown})
    else:
        note(say(zh=f"已写入 {out}", en=f"wrote {out}"))
    return 0


def _leaf(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        message = say(
            zh="叶子或 recordId 是 64 位小写十六进制",
            en="a leaf or recordId is 64 lower-case hex characters",
        )
        raise click.BadParameter(message, param_hint="LEAF") from error


def _wait_for(node: Node, path: str, params: dict[str, str], wait: float) -> Answer:
    """The receipt, once it is there."""
    end = time.monotonic() + wait
    while (answer := node.get(path, **params)).status == _PENDING:
        left = end - time.monotonic()
        if left <= 0:
            raise Unknown(
                say(
                    zh="记录已承诺，但尚未锚定；请稍后再取（--wait）。",
                    en="The record is promised but not anchored yet: ask again later (--wait).",
                )
            )
        time.sleep(min(left, retry_after(answer)))
    if answer.status == _NOT_FOUND:
        raise Refused(say(zh="节点没有这个叶子。", en="The node has no such leaf."))
    if answer.status == _NO_SUCH_FIELD:
        raise click.BadParameter(answer.problem(), param_hint="--fields")
    return expect(answer, _OK)


def _check(data: bytes, leaf: bytes) -> None:
    """What is written is at least a receipt, and of this leaf or record id."""
    try:
        found = receipts.parse(data)
    except Malformed as error:
        raise Unknown(str(error)) from error
    if leaf not in (found.leaf, found.record_id):
        raise Unknown(say(zh="节点给了别的记录的回执。", en="The node gave another's receipt."))
