"""`credit-ledger record certificate` and `audit erasure`: the certificate of an erasure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    network_options,
    node_options,
)
from ledger.cli.output import EXIT_NO, Unknown, note, print_json, shown_path
from ledger.cli.times import shown_time
from ledger.core.canonical import instant
from ledger.core.errors import CouldNotCheck
from ledger.core.verdict.verdict import note_text
from ledger.records.erasure import MAX_CHARS, Erasure

_OK = 200


@click.command(
    "certificate",
    help=say(
        zh="""取得记录内容已依令删除的证明（经签名，不含内容）。用 audit erasure 核对。

        \b
        示例：credit-ledger record certificate 记录编号 -o 证明.jws --to URL

        退出码：0 已写入 · 1 未删除或尚未完成 · 4 无法连接
        """,
        en="""Get the signed certificate that the content of a record was erased on order; it holds
        nothing of it. `audit erasure` checks it.

        \b
        Example: credit-ledger record certificate RECORD -o certificate.jws --to URL

        Exit codes: 0 written · 1 not erased, or not to the end yet · 4 unreachable
        """,
    ),
)
@click.argument("record", metavar="RECORD")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="File to write."),
)
@node_options
@json_option
def certificate(*, record: str, out: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        found = expect(node.get(f"/v1/records/{record}/erasure"), _OK)
    out.write_bytes(found.body)
    if as_json:
        print_json({"file": shown_path(out)})
    else:
        note(say(zh=f"已写入 {out}", en=f"wrote {out}"))
    return 0


@click.command(
    "erasure",
    help=say(
        zh="""核对删除证明：签名、链上的删除登记、先后次序。内容确已不在，无人能从外部证明。

        \b
        示例：credit-ledger audit erasure 证明.jws --network network.json

        退出码：0 属实 · 1 不属实 · 4 无法核对
        """,
        en="""Check a certificate of erasure: its signature, the act on the chain, what came first.
        That the content is gone nobody can prove from outside.

        \b
        Example: credit-ledger audit erasure certificate.jws --network network.json

        Exit codes: 0 it holds · 1 it does not · 4 it could not be checked
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@network_options
@json_option
def erasure(*, file: Path, network: Path, rpc: tuple[str, ...], as_json: bool) -> int:
    """See its help."""
    from ledger.audit.erasure import CODES, check  # noqa: PLC0415 - `--help` need not wait
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    with file.open("rb") as source:
        text = source.read(MAX_CHARS + 1).decode("ascii", "replace")
    known = load_network(network, rpc)
    reader = QuorumReader(known, now=local_clock(), on_note=lambda one: note(pick(note_text(one))))
    try:
        found = check(known, reader.head(), text)
    except CouldNotCheck as error:
        said = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{said}: {error}") from error
    finally:
        reader.close()
    if as_json:
        print_json({"code": found.code, "erasure": found.erasure and _document(found.erasure)})
    elif found.code is not None:
        zh, en = CODES[found.code]
        note(f"{say(zh=zh, en=en)} [{found.code}]")
    elif found.erasure is not None:
        _show(found.erasure)
    return 0 if found.code is None else EXIT_NO


def _document(erasure: Erasure) -> dict[str, Any]:
    return {
        "record": erasure.record.hex(),
        "member": erasure.member,
        "basis": erasure.basis,
        "block": erasure.block,
        "destroyedAt": instant(erasure.destroyed_at),
        "sweptAt": instant(erasure.swept_at),
        "rows": erasure.rows,
        "documents": erasure.documents,
        "files": erasure.files,
        "contentKeys": list(erasure.content_keys),
    }


def _show(erasure: Erasure) -> None:
    when = shown_time(instant(erasure.destroyed_at))
    click.echo(
        say(
            zh=f"{erasure.record.hex()}  内容由 {erasure.member} 于 {when} 依令删除（依据"
            f" {erasure.basis}），同时销毁材料 {erasure.documents} 份、文件答复 {erasure.files} 份",
            en=f"{erasure.record.hex()}  its content was erased by {erasure.member} on order (basis"
            f" {erasure.basis}) at {when}, with {erasure.documents} documents and"
            f" {erasure.files} answers to files",
        )
    )
    keys = ", ".join(erasure.content_keys)
    click.echo(
        say(
            zh=f"备份中的密钥曾由这些内容密钥封存：{keys}",
            en=f"in backups its key lay under these content keys: {keys}",
        )
    )
