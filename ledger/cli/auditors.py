"""What commands in the name of an auditor have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ledger.cli.language import say
from ledger.cli.options import passwords_option
from ledger.cli.output import Refused
from ledger.core.keys import Alg, Purpose, Role

if TYPE_CHECKING:
    from ledger.chain.contracts.bindings import Consortium
    from ledger.chain.keys.signers import MessageSigner

_F = TypeVar("_F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def auditor_options(*, key_required: bool) -> Callable[[_F], _F]:
    """Who asks, with which key, and where it is kept: `member`, `key`, `password_files`, `out`."""
    options = (
        click.option(
            "--member",
            required=True,
            metavar="CODE",
            help=say(zh="以其名义办理的审计成员。", en="The auditor in whose name it is done."),
        ),
        click.option(
            "--key",
            required=key_required,
            type=_FILE,
            metavar="FILE",
            help=say(zh="其 REQUEST 密钥文件。", en="File of its REQUEST key."),
        ),
        passwords_option(),
        click.option(
            "-o",
            "--out",
            required=True,
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help=say(zh="存放的文件夹。", en="Folder to keep it in."),
        ),
    )

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def demand_auditor(consortium: Consortium, member: str, signer: MessageSigner, now: int) -> None:
    """Raise Refused where this key may not ask in the name of an AUDITOR member now."""
    found = consortium.member(member)
    if found is None or not found.roles & Role.AUDITOR:
        raise Refused(
            say(zh=f"{member} 不是审计成员。", en=f"{member} is no member with the role AUDITOR.")
        )
    key = consortium.key(member, signer.key_id)
    good = key is not None and key.purpose == Purpose.REQUEST and key.valid_at(now)
    if not good or signer.alg not in (Alg.ED25519, Alg.P256):
        raise Refused(
            say(
                zh=f"该密钥不是 {member} 现在有效的 REQUEST 密钥。",
                en=f"This is no REQUEST key of {member} that is valid now.",
            )
        )
