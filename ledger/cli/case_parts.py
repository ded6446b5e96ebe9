"""What the commands of cases and decisions share: documents, waiting for acts, signing them."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import orjson

from ledger.chain.typed_acts import TypedActs
from ledger.cli.act_words import typed_lines
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.output import Refused, harmless, note
from ledger.cli.passwords import open_key
from ledger.cli.patience import Patience
from ledger.core.canonical import hex0x
from ledger.core.errors import Malformed
from ledger.core.keys import Purpose
from ledger.core.status import Action

_OK, _CREATED = 200, 201
_POLL = 0.5  # seconds between two looks at an act on its way
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Name(click.ParamType[str]):
    """The id of a case, a record or a leaf: 64 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        if re.fullmatch("[0-9a-f]{64}", str(value)) is None:
            message = say(zh="须为 64 位小写十六进制", en="is not 64 lower-case hexadecimal digits")
            self.fail(message, param, ctx)
        return str(value)


NAME = _Name()

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


class Signs(NamedTuple):
    """How acts are signed that wait for it. key: None: not here. yes: without asking."""

    key: Path | None
    password_files: Sequence[Path]
    yes: bool


def key_options(command: F) -> F:
    """`--key`, `--password-file` and `--yes`, where the gateway does not hold the DECIDE key:
    parameter `by`, a Signs."""

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        names = ("key", "password_files", "yes")
        by = Signs(**{name: values.pop(name) for name in names})
        return command(by=by, **values)

    for option in (
        click.option("--yes", is_flag=True, help=say(zh="不再询问。", en="Do not ask.")),
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
        run = option(run)
    return run  # type: ignore[return-value]


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


def wait_for_acts(node: Node, case: str, by: Signs) -> tuple[Told, bool]:
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
                _sign(node, told, act, by)
        patience.see([act["state"] for act in acts])
        time.sleep(_POLL)


def _sign(node: Node, told: Told, act: Told, by: Signs) -> None:
    """Show all that an act says, ask, sign what was shown and nothing else. Raises Refused."""
    if by.key is None:
        raise Refused(
            say(
                zh="节点不保管 DECIDE 密钥，请加 --key 签名；决定已放行，可重复本命令。",
                en="The node does not hold the DECIDE key: sign with --key. The decision is"
                " released; run this again.",
            )
        )
    typed = _typed(told, act)
    for line in typed_lines(typed):
        note(line)
    if not by.yes and not click.confirm(say(zh="签名？", en="Sign this?"), err=True):
        raise Refused(say(zh="未签名。", en="not signed."))
    signer = open_key(by.key, Purpose.DECIDE.name, by.password_files)
    value = {"act": act["act"], "signature": hex0x(signer.sign_digest(typed.digest))}
    send(node, f"/v1/cases/{told['case']}/sign", value, ())


def _typed(told: Told, act: Told) -> TypedActs:
    """What is to be signed, as the words of the node have it: the digest is ours. Raises Refused
    where these words are not what the node asks to be signed for this case."""
    try:
        typed = TypedActs.parse(act.get("typedData"))
    except Malformed as error:
        problem = say(
            zh="节点给出的待签内容无法解读", en="what the node asks to sign is unreadable"
        )
        raise Refused(f"{problem}: {error}") from error
    [one] = typed.acts if len(typed.acts) == 1 else [None]
    same = one is not None and (one.record.hex(), Action(one.action).name.lower()) == (
        told.get("actsOn", told["record"]),
        act["action"],
    )
    if not same or hex0x(typed.digest) != act["toSign"]:
        raise Refused(
            say(
                zh="节点所示内容与要求签名的不一致，未签名；请联系节点管理员。",
                en="What the node shows is not what it asks to be signed: nothing was signed. Turn"
                " to who runs the node.",
            )
        )
    return typed


def told_acts(told: Told) -> None:
    """Tell what became of each act."""
    for act in told["acts"]:
        code = f" ({act['code']})" if act["code"] else ""
        note(f"{act['action']}: {act['state']}{code}")
        if remedy := act.get("remedy"):
            note(f"  {harmless(pick(remedy))}")
