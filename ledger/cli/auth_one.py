"""`credit-ledger auth show | take | revoke`: one authorisation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from ledger.cli.auth_words import PURPOSES, REVOCATIONS, ROLES, STATES
from ledger.cli.case_parts import NAME, document, file_name, write_new
from ledger.cli.case_words import word
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import (
    Refused,
    Unknown,
    harmless,
    note,
    print_json,
    shown_path,
    write_file,
)
from ledger.cli.patience import Patience
from ledger.cli.times import shown_time

PATH = "/v1/authorisations"
_OK, _CREATED = 200, 201
_POLL = 0.5  # seconds between two looks at a revocation on its way
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

Told = dict[str, Any]


def head_of() -> list[str]:
    """Of `row_of`."""
    return say(
        zh="授权 角色 主体 保管者 被授权者 类别 地区 用途 自 至 状态",
        en="authorisation role subject custodian grantee types regions purpose from until state",
    ).split()


def row_of(one: Told) -> tuple[object, ...]:
    """What a node tells of one, in words."""
    return (
        one["authorisation"],
        word(ROLES, one["role"]),
        one["subject"],
        one["custodian"],
        one["grantee"],
        ",".join(one["types"]),
        ",".join(one["regions"]),
        word(PURPOSES, one["purpose"]),
        one["from"],
        one["until"],
        word(STATES, one["state"]),
    )


@click.command(
    "show",
    help=say(
        zh="""显示一份授权：内容、状态、送达与撤回的情况。-o 写出开启件，供无法自动收到的成员用
        auth take 接收；--docs 取出主体签署的文件（仅保管者有）。

        \b
        示例：credit-ledger auth show C -o 授权.json --docs 文件 --to http://127.0.0.1:8550

        退出码：0 已答复 · 1 没有此授权 · 4 无法连接
        """,
        en="""What an authorisation says, how it stands, how it and its revocation are on their way.
        -o writes its opening, for a member that it did not reach (`auth take`); --docs gets what
        the subject has signed, which its custodian alone has.

        \b
        Example: credit-ledger auth show C -o paper.json --docs DIR --to http://127.0.0.1:8550

        Exit codes: 0 answered · 1 there is none · 4 unreachable
        """,
    ),
)
@click.argument("name", metavar="C", type=NAME)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把开启件写入此处。", en="Write the opening."),
)
@click.option(
    "--docs",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="把签署的文件存入该文件夹。", en="Put what was signed there."),
)
@node_options
@json_option
def show(
    *,
    name: str,
    out: Path | None,
    folder: Path | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        told: Told = expect(node.get(f"{PATH}/{name}"), _OK).json()
        if out is not None:
            data = expect(node.get(f"{PATH}/{name}/opening"), _OK).body
            write_file(out, data, private=True)
            told["file"] = shown_path(out)
        if folder is not None:
            told["files"] = [shown_path(path) for path in _documents(node, told, folder)]
    if as_json:
        print_json(told)
    else:
        _show(told)
    return 0


def _documents(node: Node, told: Told, folder: Path) -> list[Path]:
    found = []
    for n, doc in enumerate(told["docs"]):
        answer = node.get(f"{PATH}/{told['authorisation']}/documents/{n}")
        data = document(answer, doc["name"], doc["sha256"])
        found.append((folder / f"{n + 1}-{file_name(doc['name'])}", data))
    write_new(folder, found)
    return [path for path, _ in found]


@click.command(
    "take",
    help=say(
        zh="""接收一份给本成员的授权（保管者用 auth show -o 写出的文件）：先由节点完整核验。
        通常授权会自动送达，无须此命令。

        \b
        示例：credit-ledger auth take 授权.json --to http://127.0.0.1:8551

        退出码：0 已接收 · 1 不成立，或不是给本成员的 · 4 无法连接
        """,
        en="""Take an authorisation that was made for this member, from a file that its custodian
        wrote (`auth show -o`): the node verifies it first. Mostly they come by themselves.

        \b
        Example: credit-ledger auth take paper.json --to http://127.0.0.1:8551

        Exit codes: 0 taken · 1 it does not hold, or is another member's · 4 unreachable
        """,
    ),
)
@click.argument("file", type=_FILE)
@node_options
@json_option
def take(*, file: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unknown(f"{shown_path(file)}: {error.strerror}") from error
    headers = {"Content-Type": "application/json"}
    with Node(url, token) as node:
        answer = node.post(f"{PATH}/held", content=data, headers=headers)
        told: Told = expect(answer, _OK, _CREATED).json()
    if as_json:
        print_json(told)
    else:
        click.echo(told["authorisation"])
    return 0


@click.command(
    "revoke",
    help=say(
        zh="""撤回一份本成员保管的授权。本节点立即不再认可；上链后其他成员也不再认可。
        撤回不可取消：要再次查询，须另取授权。

        \b
        示例：credit-ledger auth revoke C --wait --to http://127.0.0.1:8550

        退出码：0 已受理（加 --wait：已上链） · 1 不予受理 · 4 无法连接，或尚未上链
        """,
        en="""Take an authorisation back that this member keeps. Its own node stops taking it at
        once, all others once it is on the chain. It is for good: who asks again needs another one.

        \b
        Example: credit-ledger auth revoke C --wait --to http://127.0.0.1:8550

        Exit codes: 0 asked for (with --wait: on the chain) · 1 refused · 4 unreachable, or not on
        the chain yet
        """,
    ),
)
@click.argument("name", metavar="C", type=NAME)
@click.option("--wait", is_flag=True, help=say(zh="等到上链。", en="Until it is on the chain."))
@node_options
@json_option
def revoke(*, name: str, wait: bool, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told: Told = expect(node.post(f"{PATH}/{name}/revoke"), _OK).json()
        if wait:
            told = _recorded(node, told)
    if as_json:
        print_json(told)
    else:
        click.echo(word(STATES, told["state"]))
        _tell_revocation(told)
    return 0


def _recorded(node: Node, told: Told) -> Told:
    """It, once the chain has all of it. Raises Unknown."""
    name = told["authorisation"]
    patience = Patience(
        node,
        None,
        say(
            zh=f"已受理，但尚未上链。稍后可用：credit-ledger auth show {name} --to {node.url}",
            en=f"It was asked for, and is not on the chain yet. Later: credit-ledger auth show"
            f" {name} --to {node.url}",
        ),
    )
    warned: set[str] = set()
    while told["state"] == "revoking":
        steps = (told["revocation"] or {}).get("commitments", ())
        for one in steps:
            if one.get("remedy") and one["code"] not in warned:
                warned.add(one["code"])
                note(harmless(pick(one["remedy"])))
        patience.see([one["state"] for one in steps])
        time.sleep(_POLL)
        told = expect(node.get(f"{PATH}/{name}"), _OK).json()
    if told["state"] != "revoked":
        raise Refused(str(word(STATES, told["state"])))
    return told


def _show(told: Told) -> None:
    for label, value in zip(head_of(), row_of(told), strict=True):
        click.echo(f"{label}\t{harmless(str(value))}")
    for doc in told["docs"]:
        label = say(zh="文件", en="document")
        click.echo(f"{label}\t{harmless(doc['name'])} ({doc['size']} B)")
    if (sent := told["sent"]) is not None:
        state = " ".join(
            filter(None, (sent["state"], sent["code"], shown_time(sent["receivedAt"])))
        )
        click.echo(say(zh="送达", en="handed over") + f"\t{sent['to']} {state}")
    for path in (*filter(None, [told.get("file")]), *told.get("files", ())):
        note(path)
    _tell_revocation(told)


def _tell_revocation(told: Told) -> None:
    for one in (told["revocation"] or {}).get("commitments", ()):
        code = f" ({one['code']})" if one["code"] else ""
        note(f"{one['commitment']}: {word(REVOCATIONS, one['state'])}{code}")
        if remedy := one.get("remedy"):
            note(f"  {harmless(pick(remedy))}")
