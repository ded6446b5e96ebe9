"""`credit-ledger product list | show | status`: how products stand."""

from __future__ import annotations

import click

from ledger.cli.column_words import columns
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json, print_rows
from ledger.cli.product_parts import (
    KINDS,
    OK,
    PRODUCT,
    STALE,
    Told,
    member_option,
    query_of,
    show_stale,
    told_acts,
    version_option,
)


@click.command(
    "list",
    help=say(
        zh="""列出本节点的产品，以及收下清单的其他成员的产品。

        \b
        示例：credit-ledger product list --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""List the products of this node, and those of others whose manifests it took.

        \b
        Example: credit-ledger product list --to URL

        Exit codes: 0 · 1 refused · 4 unreachable
        """,
    ),
)
@node_options
@json_option
def list_(*, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    items: list[Told] = []
    with Node(url, token) as node:
        after: int | None = 0
        while after is not None:
            page = expect(node.get("/v1/products", after=str(after)), OK).json()
            items += page["items"]
            after = page["next"]
    if as_json:
        print_json({"items": items})
        return 0
    rows = [
        [one["member"], one["product"], _kind(one["kind"]), len(one["versions"]), one["title"]]
        for one in items
    ]
    print_rows(rows, head=columns("member", "product", "kind", "versions", "title"))
    return 0


@click.command(
    help=say(
        zh="""查看链上的一个产品：种类、各版本、是否停用；本节点自己的产品还列出尚未上链的步骤。

        \b
        示例：credit-ledger product show 产品编号 --member demo-bureau --to URL

        退出码：0 · 1 没有此产品 · 4 无法连接
        """,
        en="""Show a product as the chain has it: its kind, its versions, whether it is retired; of
        one's own also what is not on the chain yet.

        \b
        Example: credit-ledger product show ID --member demo-bureau --to URL

        Exit codes: 0 · 1 no such product · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@member_option
@node_options
@json_option
def show(*, name: str, member: str | None, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = _all_of(node, name, member)
    if as_json:
        print_json(told)
    else:
        show_product(told)
    return 0


@click.command(
    help=say(
        zh="""查询产品的一个版本是否失效：某条输入记录有异议、被屏蔽、待删除，或已修复、更正、撤销、
        终止。失效由链上行为即时算出，不写入任何地方。其他成员的产品须先收下清单（product take）。

        所示为该节点的说法；要自行核实，请用 product check 核验清单。

        \b
        示例：credit-ledger product status 产品编号 --version 2 --to URL

        退出码：0 未失效 · 3 失效 · 1 没有此产品或清单 · 4 无法连接
        """,
        en="""Tell whether a version of a product is stale: one of its records is disputed, shielded
        or erased, or was repaired, corrected, withdrawn or ended. That follows from the acts on the
        chain at this moment, and is written nowhere. Of another member's product its manifest must
        be here (`product take`).

        It is the word of that node; to see for yourself, have `product check` judge the manifest.

        \b
        Example: credit-ledger product status ID --version 2 --to URL

        Exit codes: 0 fresh · 3 stale · 1 no such product or manifest · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@member_option
@version_option
@node_options
@json_option
def status(
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
        query = query_of(member, version)
        told = expect(node.get_slowly(f"/v1/products/{name}/status", **query), OK).json()
    if as_json:
        print_json(told)
    else:
        show_stale(told, told["causes"])
    return STALE if told["stale"] else 0


def _all_of(node: Node, name: str, member: str | None) -> Told:
    """A product with all of its versions, however many."""
    query = query_of(member)
    told: Told = expect(node.get(f"/v1/products/{name}", **query), OK).json()
    # Of one's own those that are on their way stand behind each page.
    while (have := sum(bool(one["publishedAt"]) for one in told["versions"])) < told["published"]:
        page = expect(node.get(f"/v1/products/{name}", after=str(have), **query), OK).json()
        known = {one["version"] for one in told["versions"]}
        more = [one for one in page["versions"] if one["version"] not in known]
        if not more:
            break
        told["versions"] += more
    told["versions"].sort(key=lambda one: one["version"])
    return told


def show_product(told: Told) -> None:
    """A product as the chain has it, with what is to be done about what is not there."""
    kind = _kind(told["kind"])
    title = f" {told['title']}" if told["title"] else ""
    click.echo(f"{told['member']} {told['product']} {kind}{title}")
    if told["retiredAt"]:
        click.echo(say(zh=f"自 {told['retiredAt']} 停用", en=f"retired since {told['retiredAt']}"))
    if told["inDoubt"]:
        note(_DOUBT)
    rows = [
        [one["version"], one["inputs"], one["publishedAt"] or "-", one["content"], _marks(one)]
        for one in told["versions"]
    ]
    if rows:
        print_rows(rows, head=columns("version", "inputs", "published", "content", ""))
    told_acts(told)


_DOUBT = say(
    zh="登记所用的密钥当时可能已失窃。",
    en="The key that registered it may have been stolen by then.",
)


def _marks(version: Told) -> str:
    marks = [say(zh="密钥存疑", en="key in doubt")] if version["inDoubt"] else []
    return ", ".join([*marks, *version["users"]])


def _kind(name: str | None) -> str:
    return pick(KINDS[name]) if name in KINDS else "-"
