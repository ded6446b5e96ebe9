"""`credit-ledger product`: products made of records, and whether they are stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, note, print_json
from ledger.cli.product_check import check
from ledger.cli.product_handing import hand, take
from ledger.cli.product_inputs import inputs, lineage, prove
from ledger.cli.product_parts import (
    ACCEPTED,
    KINDS,
    OK,
    PRODUCT,
    STALE,
    Told,
    file_option,
    query_of,
    record_names,
    sha256_of,
    show_stale,
    wait_for,
)
from ledger.cli.product_show import list_, show, show_product, status


@click.group(
    help=say(
        zh="数据产品：登记、发布版本、停用，及其输入是否失效。",
        en="Products made of records: register, publish, retire; whether they are stale.",
    )
)
def product() -> None:
    """Group; its help is above."""


for _command in (list_, show, status, inputs, lineage, prove, hand, take, check):
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


def _ended(told: Told, *, taken: bool, as_json: bool) -> int:
    """Show what became of what was asked for."""
    if as_json:
        print_json(told)
    else:
        show_product(told)
    return 0 if taken else EXIT_NO
