"""`credit-ledger product check`: a manifest, or one record of one, against the chain, without
asking any member."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.language import pick, say
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    network_options,
    production,
)
from ledger.cli.output import note, print_json
from ledger.cli.product_parts import show_stale
from ledger.core.manifest import MAX_MANIFEST

if TYPE_CHECKING:
    from ledger.files.manifests import ManifestVerdict


@click.command(
    help=say(
        zh="""核验产品的清单（或其中出示的一条输入），只依据区块链：它是否就是该成员在链上发布的
        那一版本，以及其输入记录现在有无异议、屏蔽、删除或处置结果。

        \b
        示例：
          credit-ledger product check 清单.json --member demo-bureau --network network.json

        退出码：0 属实且未失效 · 3 属实但已失效 · 1 不属实 · 4 无法核验
        """,
        en="""Check a manifest of a product, or one record of one, by the chain alone: whether it is
        that of the version that the member published, and whether a record in it is disputed,
        shielded or erased by now, or has an outcome.

        \b
        Example:
          credit-ledger product check manifest.json --member demo-bureau --network network.json

        Exit codes: 0 genuine and fresh · 3 genuine and stale · 1 not genuine · 4 not checked
        """,
    )
)
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--member",
    required=True,
    metavar="CODE",
    help=say(zh="发布产品的成员。", en="Whose product it is."),
)
@network_options
@json_option
def check(*, file: Path, member: str, network: Path, rpc: tuple[str, ...], as_json: bool) -> int:
    """See its help."""
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415 - with it only
    from ledger.files.manifests import check_product_file  # noqa: PLC0415

    with file.open("rb") as source:
        data = source.read(MAX_MANIFEST + 1)
    reader = QuorumReader(
        load_network(network, rpc), now=local_clock(), development=not production()
    )
    try:
        found = check_product_file(reader, member, data)
    finally:
        reader.close()
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)
    return found.exit


def _show(found: ManifestVerdict) -> None:
    for problem in found.problems:
        told = problem.as_dict()
        note(f"{told['code']}: {pick(told['message'])}")
    if found.verdict in ("fresh", "stale"):
        value = found.as_dict()
        show_stale(value, value["causes"])
        if found.retired_at:
            note(say(zh="产品已停用。", en="The product is retired."))
    else:
        words = {
            "false": say(zh="不属实", en="not genuine"),
            "undetermined": say(zh="无法核验", en="could not be checked"),
        }
        click.echo(f"{found.member}: {words[found.verdict]}")
