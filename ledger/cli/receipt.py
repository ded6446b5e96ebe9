"""`credit-ledger receipt`: receipts of records from the node that holds them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ledger.cli.answers import taken_leaves
from ledger.cli.fetching import Fetched, Wish, exit_of, fetch, fetch_all
from ledger.cli.files import find_file
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option
from ledger.cli.output import Refused, Unknown, note, print_json
from ledger.cli.progress import bars

_LEAF = re.compile("[0-9a-f]{64}")
_SHOWN = 20  # receipts not to be had that are named one by one

_HELP = say(
    zh="""向持有记录的节点索取回执。

    有读取令牌时附带披露（默认全部可披露的字段；含居民身份证号码的文字除外，须用 --fields 点名）；
    没有令牌或用 --bare 时，只证明已经存证。
    给出多个叶子，或用 --file 取一个报送文件中全部已接受或重复的行时，-o 是目录，每份回执存为
    LEAF.json。退出码：0 成功；1 没有这个叶子；4 尚未存证或无法连接。

    \b
    示例：
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o 回执.json --wait 30
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o 回执.json --fields CF_XDR_SHXYM
      credit-ledger receipt --file ID --from http://127.0.0.1:8546 -o 回执/ --wait 60
    """,
    en="""Get receipts of records from the node that holds them.

    With a token that may read it shows the record's fields (all of them but texts that hold the
    identity number of a person, or --fields); without one, or with --bare, it proves no more than
    that the entry is anchored. With several leaves, or --file for all rows of a file that are in,
    -o is a folder, and each receipt becomes LEAF.json in it.
    Exit codes: 0 got it; 1 no such leaf; 4 not anchored yet, or the node cannot be reached.

    \b
    Examples:
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o receipt.json --wait 30
      credit-ledger receipt LEAF --from http://127.0.0.1:8546 -o receipt.json --fields CF_XDR_SHXYM
      credit-ledger receipt --file ID --from http://127.0.0.1:8546 -o receipts/ --wait 60
    """,
)


@click.command("receipt", help=_HELP)
@click.argument("leaves", metavar="LEAF...", nargs=-1)
@click.option(
    "--file",
    "file_id",
    metavar="ID",
    help=say(
        zh="文件编号：取其全部已接受或重复的行。", en="Id of a file: all its rows that are in."
    ),
)
@click.option("--from", "url", required=True, metavar="URL", help=say(zh="节点。", en="The node."))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help=say(zh="写入的文件；多份回执时为目录。", en="File to write; a folder for several."),
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
    help=say(zh="等待存证的秒数。", en="Wait that long for it to be anchored."),
)
@json_option
def receipt(
    *,
    leaves: tuple[str, ...],
    file_id: str | None,
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
        message = say(
            zh="--bare 和 --fields 不能同时使用", en="--bare and --fields exclude each other"
        )
        raise click.UsageError(message)
    _one_kind(leaves, file_id)
    with Node(url, token) as node:
        if fields is not None and node.token is None:
            raise click.UsageError(say(zh="--fields 需要令牌", en="--fields needs a token"))
        wish = Wish(
            node=node,
            shown=node.token is not None and not bare,
            fields=fields,
            end=time.monotonic() + wait,
        )
        if len(leaves) == 1:
            file = out / f"{leaves[0]}.json" if out.is_dir() else out
            return _one(wish, leaves[0], file, as_json)
        wanted = list(dict.fromkeys(leaves)) if file_id is None else _of_file(node, file_id)
        if out.exists() and not out.is_dir():
            message = say(zh=f"{out} 不是目录", en=f"{out} is no folder")
            raise click.BadParameter(message, param_hint="-o")
        return _many(wish, wanted, out, as_json)


def _one_kind(leaves: Sequence[str], file_id: str | None) -> None:
    if bool(leaves) == (file_id is not None):
        message = say(zh="请给出叶子，或用 --file 给出文件编号", en="give leaves, or --file ID")
        raise click.UsageError(message)
    for leaf in leaves:
        if not _LEAF.fullmatch(leaf):
            text = say(zh="叶子是 64 位小写十六进制", en="a leaf is 64 lower-case hex characters")
            raise click.BadParameter(text, param_hint="LEAF")


def _one(wish: Wish, leaf: str, out: Path, as_json: bool) -> int:
    fetch(wish, leaf, out)
    if as_json:
        print_json(Fetched(leaf=leaf, file=out, shown=wish.shown).as_dict())
    else:
        note(say(zh=f"已写入 {out}", en=f"wrote {out}"))
    return 0


def _of_file(node: Node, file_id: str) -> list[str]:
    answer = find_file(node, file_id)
    if answer["state"] in ("queued", "running"):
        raise Unknown(say(zh="文件尚未读完。", en="The file has not been read to its end yet."))
    if found := taken_leaves(answer):
        return found
    raise Refused(say(zh="该文件没有已接受或重复的行。", en="No row of this file is in."))


def _many(wish: Wish, leaves: Sequence[str], out: Path, as_json: bool) -> int:
    with bars() as progress:
        task = progress.add_task(say(zh="回执", en="receipts"), total=len(leaves))
        found = fetch_all(wish, leaves, out, lambda: progress.advance(task))
    if as_json:
        print_json({"receipts": [one.as_dict() for one in found]})
    tell(found, out)
    return exit_of(found)


def tell(found: Sequence[Fetched], folder: Path) -> None:
    """How many were written, and which were not, beside the result."""
    missing = [one for one in found if one.problem is not None]
    written = len(found) - len(missing)
    note(say(zh=f"已写入 {written} 份回执：{folder}", en=f"wrote {written} receipts to {folder}"))
    for one in missing[:_SHOWN]:
        if one.problem is not None:
            note(f"{one.leaf}: {one.problem.format_message()}")
    if len(missing) > _SHOWN:
        more = len(missing) - _SHOWN
        note(say(zh=f"另有 {more} 份未能取得。", en=f"{more} more could not be had."))
