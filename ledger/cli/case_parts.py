"""What the commands of cases and decisions share: documents, waiting for acts, signing them."""

from __future__ import annotations

import functools
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import orjson

from ledger.chain.typed_acts import TypedActs
from ledger.cli.act_words import typed_lines
from ledger.cli.case_words import ACT_STATES, ACTIONS, bases, proposal_text, word
from ledger.cli.language import pick, say
from ledger.cli.node import Answer, Node, expect
from ledger.cli.options import passwords_option
from ledger.cli.output import (
    Refused,
    Unknown,
    demand_new,
    harmless,
    note,
    print_json,
    shown_path,
    write_file,
)
from ledger.cli.passwords import open_key
from ledger.cli.patience import Patience
from ledger.core.canonical import hex0x
from ledger.core.commitment import CLASSES
from ledger.core.errors import Malformed
from ledger.core.keys import Purpose
from ledger.core.opening import parse_opening
from ledger.core.status import Action

_OK, _CREATED = 200, 201
_POLL = 0.5  # seconds between two looks at an act on its way
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LONGEST = 60  # characters of a file's name, which has at most 255 bytes


class _Name(click.ParamType[str]):
    """The id of a case, a record or a leaf: 64 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        if re.fullmatch("[0-9a-f]{64}", str(value)) is None:
            message = say(zh="须为 64 位小写十六进制", en="is not 64 lower-case hexadecimal digits")
            self.fail(message, param, ctx)
        return str(value)


class _Record(click.ParamType[str]):
    """A record: its id, its leaf, or NUMBER@AUTHORITY, document number and USCC."""

    name = "record"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        number, _, authority = str(value).rpartition("@")
        if _ID.fullmatch(str(value)) or (number and _USCC.fullmatch(authority)):
            return str(value)
        message = say(
            zh="须为记录编号、叶值（64 位小写十六进制）或 文书号@认定单位代码",
            en="is no record id, leaf (64 lower-case hexadecimal digits) or NUMBER@AUTHORITY",
        )
        self.fail(message, param, ctx)


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
RECORD = _Record()
SCANNED = _Scanned()
_ID = re.compile("[0-9a-f]{64}")
_USCC = re.compile("[0-9A-Z]{18}")

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


def basis_option(*, required: bool = False, default: int | None = None) -> Callable[[F], F]:
    """`--basis N`, with all there are in its help. default: where the law leaves no other."""
    return click.option(
        "--basis",
        type=click.IntRange(1, 12),
        required=required and default is None,
        default=default,
        show_default=default is not None,
        metavar="N",
        help=say(zh="法律依据：", en="Legal basis: ") + bases() + say(zh="。", en="."),
    )


def class_option(command: F) -> F:
    """`--class`: parameter `class_`."""
    return click.option(
        "--class",
        "class_",
        type=click.Choice(CLASSES),
        help=say(
            zh="失信程度：minor 轻微，general 一般，severe 严重；缺省为申请所载或记录所载。",
            en="Class of the dishonesty. Default: that of the filing or the record.",
        ),
    )(command)


def known_option(command: F) -> F:
    """`--known D`: when it was known that a decision was changed or annulled."""
    return click.option(
        "--known",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="D",
        help=say(
            zh="获知原决定变更或撤销之日（依据 10），三个工作日由此起算；缺省为当日。",
            en="Day on which the change of the decision was known (basis 10): three working days"
            " run from it. Default: today.",
        ),
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
        passwords_option(),
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


def record_of(node: Node, name: str) -> str:
    """The id or leaf of a record, asked of the node where it is named by its number. Raises
    Refused where there is none, or several."""
    number, at, authority = name.rpartition("@")
    if not at:
        return name
    told = expect(node.get("/v1/records", document=number, authority=authority), _OK).json()
    found = [one["record"] for one in told["items"]]
    if len(found) == 1:
        return str(found[0])
    if not found:
        raise Refused(
            say(
                zh=f"本节点没有此文书的有效记录：{name}。外省市的记录请用记录编号或叶值"
                "（64 位十六进制，见该记录的回执）指明。",
                en=f"This node has no record in force of that number: {name}. Name a record of"
                " another province by its id or leaf, the 64 digits that its receipt has.",
            )
        )
    text = say(zh="该文书涉及多条记录，请指明其一：", en="several records; name one of them:")
    raise Refused("\n".join((text, *found)))


def send(
    node: Node,
    path: str,
    value: Mapping[str, Any],
    docs: Sequence[Path],
    *,
    part: str = "case",
) -> Told:
    """Post a step with its documents; what the node says. part: what the JSON is called there.
    Raises Refused."""
    said = {name: item for name, item in value.items() if item is not None}
    files: list[Any] = [(part, (None, orjson.dumps(said), "application/json"))]
    files += [("doc", (each.name, each.read_bytes())) for each in docs]
    told: Told = expect(node.post(path, files=files), _OK, _CREATED).json()
    return told


def seen_options(command: F) -> F:
    """`--docs DIR` and `--proposal N`: reading what is to be released first, and naming it."""
    for option in (
        click.option(
            "--proposal",
            type=click.IntRange(1, 2**53),
            metavar="N",
            help=say(
                zh="只放行该编号的拟议事项（--docs 或 case show 所示）。",
                en="Release this proposal alone, as --docs or `case show` named it.",
            ),
        ),
        click.option(
            "--docs",
            "folder",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help=say(
                zh="先把拟议事项的材料存入该文件夹供审阅，不放行。",
                en="Put the documents of what is proposed into this folder, and release nothing.",
            ),
        ),
    ):
        command = option(command)
    return command


def release_seen(node: Node, shown_at: str, path: str, proposal: int | None = None) -> Told:
    """Show what is proposed, and release exactly that; what the node says. proposal: the number of
    what was read before, None: what is shown now. Raises Refused."""
    proposed = expect(node.get(shown_at), _OK).json()["proposed"] or {}
    if proposed:
        note(say(zh="放行：", en="Releasing: ") + proposal_text(proposed))
    number = proposal or proposed.get("proposal", 0)
    return send(node, f"{path}?proposal={number}", {}, ())


def read_first(node: Node, shown_at: str, base: str, folder: Path, *, as_json: bool) -> int:
    """Put the documents of what is proposed into a folder; 0. No file is written over. Raises
    Refused where nothing is proposed, or a document is not the one that it names."""
    proposed = expect(node.get(shown_at), _OK).json()["proposed"]
    if proposed is None:
        raise Refused(say(zh="没有待放行的决定。", en="There is no decision to be released."))
    number = proposed["proposal"]
    found = []
    for n, doc in enumerate(proposed["docs"]):
        answer = node.get(f"{base}/proposed/documents/{n}", proposal=str(number))
        data = document(answer, doc["name"], doc["sha256"])
        found.append((folder / f"{number}-{n + 1}-{file_name(doc['name'])}", data))
    write_new(folder, found)
    note(proposal_text(proposed))
    if as_json:
        paths = [shown_path(path) for path, _ in found]
        print_json({"proposal": number, "proposed": proposed, "files": paths})
        return 0
    for path, _ in found:
        click.echo(shown_path(path))
    note(
        say(
            zh=f"审阅后以 --proposal {number} 放行。",
            en=f"When you have read them, release with --proposal {number}.",
        )
    )
    return 0


def read_steps(node: Node, told: Told, folder: Path) -> list[Path]:
    """Put the documents of all steps of a case into a folder, each as its statement names it; the
    files. No file is written over. Raises Refused, Unknown."""
    found = []
    for step in told["steps"]:
        at = f"/v1/cases/{told['case']}/steps/{step['step']}"
        try:
            opened = parse_opening(expect(node.get(at), _OK).body).statement.step()
        except Malformed as error:
            raise Unknown(f"{at}: {error}") from error
        for n, doc in enumerate(opened.docs):
            answer = node.get(f"{at}/documents/{n}")
            data = document(answer, doc.name, doc.sha256.hex())
            found.append((folder / f"{step['step']}-{n + 1}-{file_name(doc.name)}", data))
    write_new(folder, found)
    return [path for path, _ in found]


def document(answer: Answer, name: str, sha256: str) -> bytes:
    """A document that is the one that was named. Raises Refused."""
    data = expect(answer, _OK).body
    if hashlib.sha256(data).hexdigest() != sha256:
        text = say(zh="材料与所载不符", en="not the document that is named")
        raise Refused(f"{text}: {name}")
    return data


def write_new(folder: Path, found: Sequence[tuple[Path, bytes]]) -> None:
    """Write files of a folder; none is written over that says something else."""
    for path, data in found:
        if path.exists() and path.read_bytes() != data:
            demand_new(path, hint="--docs")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unknown(f"{shown_path(folder)}: {error.strerror}") from error
    for path, data in found:
        write_file(path, data, private=True)


def file_name(name: str) -> str:
    """A name that leads nowhere, of what somebody else called a document."""
    kept = re.sub(r"[^\w.() -]", "_", Path(name.replace("\\", "/")).name).strip(". ")
    return kept[-_LONGEST:] or "document"


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
        note(f"{word(ACTIONS, act['action'])}: {word(ACT_STATES, act['state'])}{code}")
        if remedy := act.get("remedy"):
            note(f"  {harmless(pick(remedy))}")


def day_text(value: Any) -> str | None:
    """A day as the node takes it; None where none is given."""
    return None if value is None else value.date().isoformat()
