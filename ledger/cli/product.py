"""`credit-ledger product`: products made of records, and whether they are stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, note, print_json, print_rows, write_file
from ledger.cli.product_check import check
from ledger.cli.product_inputs import inputs, lineage, prove
from ledger.cli.product_parts import (
    ACCEPTED,
    KINDS,
    OK,
    PRODUCT,
    STALE,
    Told,
    file_option,
    member_option,
    query_of,
    record_names,
    sha256_of,
    show_stale,
    told_acts,
    version_option,
    wait_for,
)


@click.group(
    help=say(
        zh="数据产品：登记、发布版本、停用，及其输入是否失效。",
        en="Products made of records: register, publish, retire; whether they are stale.",
    )
)
def product() -> None:
    """Group; its help is above."""


for _command in (check, inputs, lineage, prove):
    product.add_command(_command)


@product.command(
    help=say(
        zh="""登记一个产品，并等到上链。METHOD 是说明制作方法的文件，只有它的 SHA-256 上链。

        \b
        示例：
          credit-ledger product register --kind model --method 方法.md --title 农户评分 --to URL

        退出码：0 已上链 · 1 不予登记或被链拒绝 · 4 尚未上链，或无法连接
        """,
        en="""Register a product, and wait until it is on the chain. The method is a file that says
        how it is made; its SHA-256 alone goes to the chain.

        \b
        Example:
          credit-ledger product register --kind model --method method.md --title scores --to URL

        Exit codes: 0 it is on the chain · 1 refused · 4 not there yet, or unreachable
        """,
    )
)
@click.option(
    "--kind",
    required=True,
    type=click.Choice(list(KINDS)),
    help=say(zh="种类：数据集、模型、画像、报告。", en="What it is."),
)
@file_option("--method", zh="说明制作方法的文件。", en="The file that says how it is made.")
@click.option(
    "--id",
    "product_id",
    type=PRODUCT,
    metavar="ID",
    help=say(zh="产品编号；默认随机。", en="Its id, 64 hex digits; random by default."),
)
@click.option(
    "--title", default="", metavar="T", help=say(zh="名称，只留在本节点。", en="A name, kept here.")
)
@node_options
@json_option
def register(
    *,
    kind: str,
    method: Path,
    product_id: str | None,
    title: str,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    value = {"kind": kind, "method": sha256_of(method), "title": title}
    if product_id is not None:
        value["product"] = product_id
    with Node(url, token) as node:
        made = expect(node.post("/v1/products", json=value), ACCEPTED).json()
        told, taken = wait_for(node, made["product"])
    return _ended(told, taken=taken, as_json=as_json)


@product.command(
    help=say(
        zh="""发布产品的下一个版本，并等到上链。CONTENT 是交给用户的文件，只有它的 SHA-256 上链。
        RECORDS 每行一个记录号（或本节点记录的叶值），# 之后为注释；由它生成清单，密封保存，
        链上只有其根哈希和条数。

        \b
        示例：
          credit-ledger product publish 产品编号 --content 评分.csv --records 输入.txt --to URL

        退出码：0 已上链 · 3 已上链，但其输入已有变动（失效） · 1 不予发布或被链拒绝 · 4 尚未上链
        """,
        en="""Publish the next version of a product, and wait until it is on the chain. The
        content is what users are handed; its SHA-256 alone goes to the chain. RECORDS has a
        record id on each line, or a leaf of this node, and comments behind `#`: of these the
        manifest is made, which stays sealed here; the chain has its root and their number.

        \b
        Example:
          credit-ledger product publish ID --content scores.csv --records inputs.txt --to URL

        Exit codes: 0 it is on the chain · 3 the same, and it is stale already · 1 refused · 4 not
        there yet
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@file_option("--content", zh="交给用户的文件。", en="The file that users are handed.")
@file_option("--records", zh="列出输入记录的文件。", en="The file that lists what went in.")
@file_option(
    "--method",
    zh="说明本版本制作方法的文件；默认同产品。",
    en="The file that says how this version was made; by default that of the product.",
    required=False,
)
@node_options
@json_option
def publish(
    *,
    name: str,
    content: Path,
    records: Path,
    method: Path | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    value: dict[str, Any] = {"content": sha256_of(content), "records": record_names(records)}
    if method is not None:
        value["method"] = sha256_of(method)
    with Node(url, token) as node:
        answer = node.post_slowly(f"/v1/products/{name}/versions", json=value)
        made = expect(answer, ACCEPTED).json()
        told, taken = wait_for(node, name)
        if not taken:
            return _ended(told, taken=False, as_json=as_json)
        query = query_of(None, made["version"])
        status_ = expect(node.get_slowly(f"/v1/products/{name}/status", **query), OK).json()
    if as_json:
        print_json({**told, "made": made, "status": status_})
    else:
        note(
            say(
                zh=f"已发布第 {made['version']} 版，{made['inputs']} 条输入",
                en=f"version {made['version']} is published, of {made['inputs']} records",
            )
        )
        show_stale(status_, status_["causes"])
    return STALE if status_["stale"] else 0


@product.command(
    help=say(
        zh="""停用产品，并等到上链。停用后不再有新版本，不可恢复。

        \b
        示例：credit-ledger product retire 产品编号 --to URL

        退出码：0 已上链 · 1 不予停用或被链拒绝 · 4 尚未上链，或无法连接
        """,
        en="""Retire a product for good, and wait until that is on the chain. It has no more
        versions.

        \b
        Example: credit-ledger product retire ID --to URL

        Exit codes: 0 it is on the chain · 1 refused · 4 not there yet, or unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@node_options
@json_option
def retire(*, name: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        expect(node.post(f"/v1/products/{name}/retire"), ACCEPTED)
        told, taken = wait_for(node, name)
    return _ended(told, taken=taken, as_json=as_json)


@product.command(
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
    print_rows(rows, head=["member", "product", "kind", "versions", "title"])
    return 0


@product.command(
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
        _show(told)
    return 0


@product.command(
    help=say(
        zh="""查询产品的一个版本是否失效：某条输入记录有异议、被屏蔽、待删除，或已修复、更正、撤回、
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


@product.command(
    help=say(
        zh="""把一个版本交给用户：取出清单，并登记该成员为用户，此后其输入有变动时通知它。
        清单连同产品一起交付；用户用 product take 收下，或用 product check 自行核验。

        \b
        示例：
          credit-ledger product hand 产品编号 --version 1 --user demo-bank -o 清单.json --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""Hand a version to a user: get its manifest, and note the member as a user, which
        is told from now on when one of its records changes. The manifest goes with the product;
        the user takes it (`product take`), or checks it (`product check`).

        \b
        Example:
          credit-ledger product hand ID --version 1 --user demo-bank -o manifest.json --to URL

        Exit codes: 0 · 1 refused · 4 unreachable
        """,
    )
)
@click.argument("name", metavar="PRODUCT", type=PRODUCT)
@click.option(
    "--version",
    required=True,
    type=click.IntRange(1, 2**32 - 1),
    metavar="N",
    help=say(zh="哪个版本。", en="Which version."),
)
@click.option(
    "--user",
    required=True,
    metavar="CODE",
    help=say(zh="用户成员。", en="The member that uses it."),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="MANIFEST",
    help=say(zh="把清单写入此处。", en="Write the manifest."),
)
@node_options
@json_option
def hand(
    *,
    name: str,
    version: int,
    user: str,
    out: Path,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    path = f"/v1/products/{name}/versions/{version}"
    with Node(url, token) as node:
        data = expect(node.get_slowly(f"{path}/manifest"), OK).body
        told = expect(node.post(f"{path}/users", json={"member": user}), OK).json()
    write_file(out, data, private=True)
    if as_json:
        print_json({**told, "manifest": str(out)})
    else:
        note(say(zh=f"清单已写入 {out}", en=f"the manifest is in {out}"))
    return 0


@product.command(
    help=say(
        zh="""收下其他成员产品的一个版本的清单：与链上核对后密封保存，此后本节点能自行判断它是否失效。

        \b
        示例：credit-ledger product take 清单.json --member demo-bureau --to URL

        退出码：0 已收下 · 1 清单不实或被拒绝 · 4 无法连接
        """,
        en="""Take the manifest of a version of another member's product: it is compared with the
        chain and kept sealed, and this node can say from now on whether the version is stale.

        \b
        Example: credit-ledger product take manifest.json --member demo-bureau --to URL

        Exit codes: 0 taken · 1 it is not that of the chain, or refused · 4 unreachable
        """,
    )
)
@click.argument(
    "file", metavar="MANIFEST", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--member",
    required=True,
    metavar="CODE",
    help=say(zh="发布产品的成员。", en="Whose product it is."),
)
@node_options
@json_option
def take(*, file: Path, member: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        path = "/v1/product-manifests"
        answer = node.post_slowly(path, params={"member": member}, content=file.read_bytes())
        told = expect(answer, OK).json()
    if as_json:
        print_json(told)
    else:
        click.echo(f"{told['member']} {told['product']} v{told['version']}: {told['inputs']}")
    return 0


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


def _ended(told: Told, *, taken: bool, as_json: bool) -> int:
    """Show what became of what was asked for."""
    if as_json:
        print_json(told)
    else:
        _show(told)
    return 0 if taken else EXIT_NO


def _show(told: Told) -> None:
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
        print_rows(rows, head=["version", "inputs", "published", "content", ""])
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
