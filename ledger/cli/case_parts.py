"""What the commands of cases and decisions share: documents, waiting for acts, signing them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.output import Refused, note
from ledger.cli.passwords import open_key
from ledger.cli.patience import Patience
from ledger.core.canonical import hex0x, unhex0x
from ledger.core.keys import Purpose

_OK, _CREATED = 200, 201
_POLL = 0.5  # seconds between two looks at an act on its way
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIGEST = 32


class _Name(click.ParamType[str]):
    """The id of a case, a record or a leaf: 64 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        if re.fullmatch("[0-9a-f]{64}", str(value)) is None:
            message = say(zh="须为 64 位小写十六进制", en="is not 64 lower-case hexadecimal digits")
            self.fail(message, param, ctx)
        return str(value)


class _Scanned(_Name):
    """The same, or what the QR code of a receipt says: the case and the commitment of its filing,
    apart by a colon."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value)
        if not text.startswith(QR_PREFIX):
            return super().convert(value, param, ctx)
        case, _, commitment = text.removeprefix(QR_PREFIX).partition(":")
        names = [super(_Scanned, self).convert(one, param, ctx) for one in (case, commitment)]
        return ":".join(names)


QR_PREFIX = "credit-ledger/case@1:"
NAME = _Name()
SCANNED = _Scanned()

F = TypeVar("F", bound=Callable[..., Any])
Told = dict[str, Any]


def doc_option(command: F) -> F:
    """`--doc FILE`, repeatable: parameter `docs`."""
    return click.option(
        "--doc",
        "docs",
        multiple=True,
        type=_FILE,
        metavar="FILE",
        help=say(zh="材料，PDF 或 JPG（可重复）。", en="A document, PDF or JPG (repeatable)."),
    )(command)


def key_options(command: F) -> F:
    """`--key` and `--password-file`: where the gateway does not hold the DECIDE key."""
    for option in (
        click.option(
            "--password-file",
            "password_files",
            multiple=True,
            type=_FILE,
            metavar="FILE",
            help=say(zh="打开密钥的口令文件。", en="Password of the key."),
        ),
        click.option(
            "--key",
            type=_FILE,
            metavar="FILE",
            help=say(
                zh="DECIDE 密钥文件（节点不保管该密钥时）。",
                en="File of the DECIDE key, where the node does not hold it.",
            ),
        ),
    ):
        command = option(command)
    return command


def send(node: Node, path: str, value: Mapping[str, Any], docs: Sequence[Path]) -> Told:
    """Post a step with its documents; what the node says. Raises Refused."""
    said = {name: item for name, item in value.items() if item is not None}
    files: list[Any] = [("case", (None, orjson.dumps(said), "application/json"))]
    files += [("doc", (each.name, each.read_bytes())) for each in docs]
    told: Told = expect(node.post(path, files=files), _OK, _CREATED).json()
    return told


def release_seen(node: Node, shown_at: str, path: str) -> Told:
    """Show what is proposed, and release exactly that; what the node says. Raises Refused."""
    proposed = expect(node.get(shown_at), _OK).json()["proposed"] or {}
    if proposed:
        words = (proposed["act"], proposed.get("basis"), proposed.get("day"), proposed["note"])
        said = " · ".join(str(word) for word in words if word)
        note(say(zh=f"放行第 {proposed['proposal']} 号拟议：{said}", en=f"Releasing {said}"))
    return send(node, f"{path}?proposal={proposed.get('proposal', 0)}", {}, ())


def wait_for_acts(
    node: Node, case: str, key: Path | None, password_files: Sequence[Path]
) -> tuple[Told, bool]:
    """The case once all that goes to the chain with it is there, and whether all of it is. With a
    key what waits for it is signed."""
    patience = Patience(
        node,
        None,
        say(
            zh=f"决定已放行，但尚未上链。稍后可用：credit-ledger case show {case} --to {node.url}",
            en="The decision is released, but not on the chain yet. Later: credit-ledger case show"
            f" {case} --to {node.url}",
        ),
    )
    while True:
        told: Told = expect(node.get(f"/v1/cases/{case}"), _OK).json()
        acts = told["acts"]
        if all(act["state"] not in ("waiting", "signed", "sent") for act in acts):
            return told, all(act["state"] != "refused" for act in acts)
        for act in acts:
            if "toSign" in act:
                _sign(node, case, act, key, password_files)
        patience.see([act["state"] for act in acts])
        time.sleep(_POLL)


def _sign(
    node: Node, case: str, act: Told, key: Path | None, password_files: Sequence[Path]
) -> None:
    digest = unhex0x(str(act["toSign"]), _DIGEST)
    if key is None:
        raise Refused(
            say(
                zh="节点不保管 DECIDE 密钥，请加 --key 签名；决定已放行，可重复本命令。",
                en="The node does not hold the DECIDE key: sign with --key. The decision is"
                " released; run this again.",
            )
        )
    signer = open_key(key, Purpose.DECIDE.name, password_files)
    note(
        say(
            zh=f"签名：{act['action']}，摘要 {act['toSign']}",
            en=f"signing {act['action']}, digest {act['toSign']}",
        )
    )
    value = {"act": act["act"], "signature": hex0x(signer.sign_digest(digest))}
    send(node, f"/v1/cases/{case}/sign", value, ())


def told_acts(told: Told) -> None:
    """Tell what became of each act."""
    for act in told["acts"]:
        code = f" ({act['code']})" if act["code"] else ""
        note(f"{act['action']}: {act['state']}{code}")
