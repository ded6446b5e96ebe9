"""What the commands of products share: names, hashes of files, waiting for the chain, words."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ledger.cli.column_words import columns
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.output import Refused, harmless, note, print_rows, shown_path
from ledger.cli.patience import Patience
from ledger.cli.record_status import WORDS

F = TypeVar("F", bound=Callable[..., Any])
Told = dict[str, Any]

OK, ACCEPTED = 200, 202
STALE: Final = 3
KINDS: Final = {
    "dataset": {"zh": "数据集", "en": "data set"},
    "model": {"zh": "模型", "en": "model"},
    "portrait": {"zh": "画像", "en": "portrait"},
    "report": {"zh": "报告", "en": "report"},
}
_IN_FLIGHT: Final = ("waiting", "signed", "sent")
_POLL: Final = 0.5  # seconds between two looks at what is on its way
_SHOWN: Final = 20  # causes on a terminal; --json has them all
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NAME = re.compile("[0-9a-f]{64}")


class ProductName(click.ParamType[str]):
    """The id of a product: 64 hexadecimal digits."""

    name = "product"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        if _NAME.fullmatch(str(value)) is None:
            message = say(zh="须为 64 位小写十六进制", en="is not 64 lower-case hexadecimal digits")
            self.fail(message, param, ctx)
        return str(value)


PRODUCT = ProductName()


def member_option(command: F) -> F:
    """`--member CODE`: whose product it is."""
    return click.option(
        "--member",
        metavar="CODE",
        help=say(
            zh="发布产品的成员；默认是该节点自己的成员。",
            en="Whose product it is; by default that of the node's own member.",
        ),
    )(command)


def version_option(command: F) -> F:
    """`--version N`: one version of it."""
    return click.option(
        "--version",
        type=click.IntRange(1, 2**32 - 1),
        metavar="N",
        help=say(
            zh="哪个版本；默认是节点存有清单的最新版本。",
            en="Which version; by default the newest whose manifest the node has.",
        ),
    )(command)


def file_option(name: str, *, zh: str, en: str, required: bool = True) -> Callable[[F], F]:
    """An option that names a file of which the SHA-256 goes to the chain."""
    return click.option(name, required=required, type=_FILE, metavar="FILE", help=say(zh=zh, en=en))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, however large. Refused where it is empty: it goes to the chain for
    good."""
    if not path.stat().st_size:
        raise Refused(say(zh=f"{path} 是空文件", en=f"{path} is empty"))
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def record_names(path: Path) -> list[str]:
    """The records that a file lists: an id or leaf on each line, blank lines and those behind `#`
    left out. Raises Refused, which names the line."""
    found: dict[str, int] = {}
    for number, text in enumerate(_lines(path), start=1):
        name = text.partition("#")[0].strip()
        if not name:
            continue
        if _NAME.fullmatch(name) is None:
            problem = say(
                zh="不是记录号或叶值（64 位小写十六进制）",
                en="is no record id or leaf, 64 lower-case hexadecimal digits",
            )
            raise Refused(f"{shown_path(path)}:{number}: {problem}")
        if name in found:
            problem = say(
                zh=f"与第 {found[name]} 行重复", en=f"is that of line {found[name]} again"
            )
            raise Refused(f"{shown_path(path)}:{number}: {problem}")
        found[name] = number
    if not found:
        raise Refused(say(zh=f"{shown_path(path)} 没有记录", en=f"no record in {shown_path(path)}"))
    return list(found)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Refused(
            say(zh=f"{shown_path(path)} 不是文本文件", en=f"{shown_path(path)} is no text file")
        ) from error


def query_of(member: str | None, version: int | None = None) -> dict[str, str]:
    """Parameters that name whose product, and which version."""
    found = {} if member is None else {"member": member}
    return found if version is None else {**found, "version": str(version)}


def wait_for(node: Node, product: str) -> tuple[Told, bool]:
    """The product once all that goes to the chain about it is there, and whether the chain took
    the last of it."""
    patience = Patience(
        node,
        None,
        say(
            zh="已提交，但尚未上链。稍后可用："
            f"credit-ledger product show {product} --to {node.url}",
            en=f"It is taken, but not on the chain yet. Later: credit-ledger product show {product}"
            f" --to {node.url}",
        ),
    )
    while True:
        told: Told = expect(node.get(f"/v1/products/{product}"), OK).json()
        states = [act["state"] for act in told["acts"]]
        if all(state not in _IN_FLIGHT for state in states):
            return told, states[-1:] != ["refused"]
        patience.see(states)
        time.sleep(_POLL)


def told_acts(told: Told) -> None:
    """Say of each act that did not get there why, and what to do."""
    for act in told["acts"]:
        if act["remedy"] is not None:
            version = "" if act["version"] is None else f" {act['version']}"
            note(f"{act['action']}{version}: {act['state']} ({act['code']})")
            note(f"  {harmless(pick(act['remedy']))}")


def word_of(cause: str) -> str:
    """A cause in words."""
    zh, en = WORDS.get(cause, ("内容已关闭", "closed"))
    return say(zh=zh, en=en)


def show_stale(told: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]) -> None:
    """Whether a version is stale, and why."""
    name = f"{told['member']} {told['product']} v{told['version']}"
    if not causes:
        click.echo(say(zh=f"{name}：未失效", en=f"{name}: fresh"))
        return
    click.echo(
        say(
            zh=f"{name}：已失效，{len(causes)} 条输入记录有变动",
            en=f"{name}: stale, by {len(causes)} of its records",
        )
    )
    rows = [
        [one["record"], ", ".join(map(word_of, one["causes"])), one["recordedAt"] or ""]
        for one in causes[:_SHOWN]
    ]
    print_rows(rows, head=columns("record", "cause", "recorded"))
    if len(causes) > _SHOWN:
        note(say(zh="其余见 --json。", en="The others: --json."))
