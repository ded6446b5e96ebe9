"""`credit-ledger product hand | take`: manifests on their way to users."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json, write_file
from ledger.cli.product_parts import OK, PRODUCT


@click.command(
    help=say(
        zh="""把一个版本交给用户：取出清单，并登记该成员为用户：输入有变动时，
        给您的通知会列出它。清单连同产品一起交付；用户用 product take 收下，此后由其自己的节点
        通知，或用 product check 自行核验。

        \b
        示例：
          credit-ledger product hand 产品编号 --version 1 --user demo-bank -o 清单.json --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""Hand a version to a user: get its manifest, and note the member as a user, whom
        your notices name when one of its records changes. The manifest goes with the product;
        the user takes it (`product take`), is told by its own node from then on, or checks it
        (`product check`).

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


@click.command(
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
