"""`credit-ledger keys`: make and show encrypted key files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from ledger.chain.keys.keyfile import ALGS, KeyFile, algorithm, create, read_fields
from ledger.cli.language import say
from ledger.cli.member_file import MemberFile, load_member
from ledger.cli.options import F, json_option
from ledger.cli.output import Refused, print_json, shown_path
from ledger.cli.passwords import new_password
from ledger.cli.problems import told
from ledger.core.canonical import hex32
from ledger.core.errors import ConfigError
from ledger.core.ids import key_id
from ledger.core.keys import Alg, to_jwk

_CURVES: Final[Mapping[str, Alg]] = {
    "P-256": Alg.P256,
    "secp256k1": Alg.SECP256K1,
    "Ed25519": Alg.ED25519,
}


def alg_option(command: F) -> F:
    """`--alg`: parameter `alg`, None where it is not given."""
    return click.option(
        "--alg",
        type=click.Choice(list(_CURVES), case_sensitive=False),
        callback=lambda _context, _option, value: None if value is None else _CURVES[value],
        help=say(
            zh="算法，仅 PRESENT 和 REQUEST 可选；默认 P-256，各种软件大多能验证。",
            en="Algorithm of a PRESENT or REQUEST key; by default P-256, which most can check.",
        ),
    )(command)


@click.group(help=say(zh="生成和查看加密的密钥文件。", en="Make and show encrypted key files."))
def keys() -> None:
    """Group; its help is above."""


@keys.command(
    "new",
    help=say(
        zh="""生成一把新密钥，加密保存。口令取自 CREDIT_LEDGER_KEY_PASSWORD_FILE，否则询问。

        \b
        示例：credit-ledger keys new --purpose ANCHOR --out anchor.json
        """,
        en="""Make a key and keep it encrypted. The password comes from
        CREDIT_LEDGER_KEY_PASSWORD_FILE, else it is asked for.

        \b
        Example: credit-ledger keys new --purpose ANCHOR --out anchor.json
        """,
    ),
)
@click.option(
    "--purpose",
    required=True,
    type=click.Choice(list(ALGS), case_sensitive=False),
    help=say(zh="用途。", en="What it may sign."),
)
@alg_option
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="新文件，从不覆盖。", en="New file; never written over."),
)
@json_option
def new(*, purpose: str, alg: Alg | None, out: Path, as_json: bool) -> int:
    """Exit 1 where the file is there already, or cannot be written."""
    try:
        algorithm(purpose, alg)  # before anybody types a password
        made = create(purpose, out, new_password(), alg=alg)
    except ConfigError as error:
        raise Refused(told(error)) from error
    _show(made, as_json)
    return 0


@keys.command(
    "show",
    help=say(
        zh="""显示密钥文件的公开部分，不需要口令；或成员公开文件中各密钥的编号，供电话核对。

        \b
        示例：credit-ledger keys show anchor.json
              credit-ledger keys show public/110000.json
        """,
        en="""Show the public part of a key file; no password is needed. Or the ids of the keys in
        the public file of a member, which are compared over the telephone.

        \b
        Example: credit-ledger keys show anchor.json
                 credit-ledger keys show public/110000.json
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def show(*, file: Path, as_json: bool) -> int:
    """Exit 1 where it is neither a key file nor that of a member."""
    try:
        if read_fields(file).get("_type") == MemberFile.TYPE:
            _show_member(load_member(file), as_json)
            return 0
        found = KeyFile.load(file)
    except ConfigError as error:
        raise Refused(told(error)) from error
    _show(found, as_json)
    return 0


def _show_member(found: MemberFile, as_json: bool) -> None:
    ids = [(key.purpose.name, hex32(key_id(key.alg, key.public_key))) for key in found.keys]
    if as_json:
        keys = [{"purpose": purpose, "keyId": id_} for purpose, id_ in ids]
        print_json({"member": found.code, "keys": keys})
        return
    for purpose, id_ in ids:
        click.echo(f"{purpose:8} {id_}")


def _show(found: KeyFile, as_json: bool) -> None:
    told: dict[str, Any] = {"purpose": found.purpose, "file": shown_path(found.path)}
    if found.alg is not None and found.public_key is not None and found.key_id is not None:
        told |= {
            "alg": int(found.alg),
            "keyId": hex32(found.key_id),
            "publicKey": found.public_key.hex(),
            "jwk": to_jwk(found.alg, found.public_key),
        }
    if found.address is not None:
        told["address"] = found.address
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if name != "jwk":
            click.echo(f"{name:10} {value}")
