"""`credit-ledger product inputs | lineage | prove`: from a product to its records, and back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from ledger.cli.case_parts import RECORD, record_of
from ledger.cli.column_words import columns
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json, print_rows, write_file
from ledger.cli.product_parts import (
    OK,
    PRODUCT,
    STALE,
    Told,
    member_option,
    query_of,
    version_option,
    word_of,
)

_PAGE = "1000"


@click.command(
    help=say(
        zh="""列出产品一个版本的全部输入记录，以及各自的状态。

        \b
        示例：credit-ledger product inputs 产品编号 --version 1 --to URL

        退出码：0 未失效 · 3 失效 · 1 没有此产品或清单 · 4 无法连接
        """,
        en="""List what went into a version of a product, each with how it stands.

        \b
        Example: credit-ledger product inputs ID --version 1 --to URL

        Exit codes: 0 fresh · 3 stale · 1 no such product or manifest · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@member_option
@version_option
@node_options
@json_option
def inputs(
    *,
    name: str,
    member: str | None,
    version: int | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = _inputs(node, name, member, version)
    stale = any(one["causes"] for one in told["items"])
    if as_json:
        print_json(told)
    else:
        rows = [
            [one["record"], ", ".join(map(word_of, one["causes"])) or "-"] for one in told["items"]
        ]
        print_rows(rows, head=columns("record", "cause"))
    return STALE if stale else 0


def _inputs(node: Node, name: str, member: str | None, version: int | None) -> Told:
    """All pages of them."""
    if version is None:
        path = f"/v1/products/{name}/status"
        version = expect(node.get_slowly(path, **query_of(member)), OK).json()["version"]
    query = query_of(member)
    path = f"/v1/products/{name}/versions/{version}/inputs"
    told: Told = {"next": 0, "items": []}
    while told["next"] is not None:
        query["after"] = str(told["next"])
        page = expect(node.get_slowly(path, limit=_PAGE, **query), OK).json()
        told = {**page, "items": told["items"] + page["items"]}
    return told


@click.command(
    help=say(
        zh="""查询一条记录进入了哪些产品的哪些版本，以及谁在使用它们（影响清单）。
        RECORD 为记录号、叶值或 文书号@认定单位代码。只含本节点发布或收下清单的产品。

        \b
        示例：credit-ledger product lineage RECORD --to http://127.0.0.1:8550

        退出码：0 没有产品因此失效 · 3 所列产品因此失效 · 1 被拒绝 · 4 无法连接
        """,
        en="""Tell which versions of which products a record went into, and who uses them: what it
        has an impact on. RECORD is its record id, its leaf or NUMBER@AUTHORITY. Of products that
        this node published, or whose manifests it took.

        \b
        Example: credit-ledger product lineage RECORD --to http://127.0.0.1:8550

        Exit codes: 0 none is stale by it · 3 those listed are · 1 refused · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="RECORD", type=RECORD)
@node_options
@json_option
def lineage(*, name: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        record = quote(record_of(node, name), safe="")
        told = expect(node.get(f"/v1/lineage/{record}"), OK).json()
    if as_json:
        print_json(told)
    else:
        _show(told)
    return STALE if told["stale"] and told["products"] else 0


def _show(told: Told) -> None:
    words = [word_of(cause) for one in told["causes"] for cause in one["causes"]]
    fresh = say(zh="无变动", en="nothing was done to it")
    click.echo(f"{told['record']}  {', '.join(words) or fresh}")
    if not told["products"]:
        note(say(zh="本节点没有产品用到它。", en="No product that is known here was made of it."))
        return
    rows = [
        [one["member"], one["product"], one["version"], ", ".join(one["users"]), one["title"]]
        for one in told["products"]
    ]
    print_rows(rows, head=columns("member", "product", "version", "users", "title"))
    if told["more"]:
        note(say(zh="还有更多。", en="There are more."))


@click.command(
    help=say(
        zh="""出示产品一个版本的一条输入，而不出示其余：写出可对照链上根哈希核验的文件
        （product check）。

        \b
        示例：
          credit-ledger product prove 产品编号 RECORD --version 1 -o 输入.json --to URL

        退出码：0 已写入 · 1 不是此版本的输入，或没有清单 · 4 无法连接
        """,
        en="""Show one record of a version of a product without the others: write a file that can be
        checked against the root on the chain (`product check`).

        \b
        Example:
          credit-ledger product prove ID RECORD --version 1 -o input.json --to URL

        Exit codes: 0 written · 1 it did not go in, or no manifest is here · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@click.argument("record", metavar="RECORD", type=RECORD)
@member_option
@click.option(
    "--version",
    required=True,
    type=click.IntRange(1, 2**32 - 1),
    metavar="N",
    help=say(zh="哪个版本。", en="Which version."),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="File to write."),
)
@node_options
def prove(
    *,
    name: str,
    record: str,
    member: str | None,
    version: int,
    out: Path,
    url: str,
    token: str | None,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        id_ = quote(record_of(node, record), safe="")
        path = f"/v1/products/{name}/versions/{version}/inputs/{id_}"
        data = expect(node.get_slowly(path, **query_of(member)), OK).body
    write_file(out, data, private=True)
    note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    return 0
