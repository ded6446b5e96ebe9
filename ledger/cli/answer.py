"""`credit-ledger answer contradict`: whether a receipt proves that an answer left something out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from ledger.cli.language import say
from ledger.cli.options import json_option, load_network, local_clock, network_options
from ledger.cli.output import Refused, print_json
from ledger.core.answer import MAX_JWS, Answer, given_from_json, parse_answer
from ledger.core.bundle import MAX_FILE, is_bundle, parse_bundle
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.jws import Jws
from ledger.core.receipt import MAX_RECEIPT


@click.group(help=say(zh="答复：一省就一个主体所作的说明。", en="Answers about subjects."))
def answer() -> None:
    """Group; its help is above."""


@answer.command(
    "contradict",
    help=say(
        zh="""核对一份回执是否证明某省的答复有遗漏。

        ANSWER 是答复（JWS，或 {answer, opening, receipts}），也可以是证据包，此时以 --member
        指明省份。RECEIPT 是被遗漏记录的回执，由持有人提供；它须出示统一社会信用代码字段。
        证明成立，则该省签名的答复不实，任何人均可核对。

        \b
        示例：
          credit-ledger answer contradict 答复.jws 回执.json --network network.json
          credit-ledger answer contradict 证据包.json 回执.json --member 120000 \\
              --network network.json

        退出码：0 证明答复不实 · 1 不能证明 · 4 无法核对
        """,
        en="""Check whether a receipt proves that a province left something out of an answer.

        ANSWER is an answer (the JWS, or {answer, opening, receipts}), or a bundle, of which
        --member names the province. RECEIPT is of the record that is said to be left out, from
        whoever holds it; it must show the field with the subject's code. Where it proves it, what
        the province signed is false, as everybody can check.

        \b
        Examples:
          credit-ledger answer contradict answer.jws receipt.json --network network.json
          credit-ledger answer contradict bundle.json receipt.json --member 120000 \\
              --network network.json

        Exit codes: 0 it proves the answer false · 1 it does not · 4 it could not be checked
        """,
    ),
)
@click.argument(
    "file", metavar="ANSWER", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument(
    "receipt", metavar="RECEIPT", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--member",
    metavar="CODE",
    help=say(zh="证据包中的哪个省份。", en="Which province of a bundle."),
)
@network_options
@json_option
def contradict_(
    *,
    file: Path,
    receipt: Path,
    member: str | None,
    network: Path,
    rpc: tuple[str, ...],
    as_json: bool,
) -> int:
    """See its help."""
    from ledger.files.contradictions import REASONS, contradict  # noqa: PLC0415 - with it only
    from ledger.verify import Verifier  # noqa: PLC0415

    told, jws = _answer(_read(file, MAX_FILE), member)
    verifier = Verifier(load_network(network, rpc), now=local_clock())
    try:
        found = contradict(verifier, told, jws, _read(receipt, MAX_RECEIPT))
    finally:
        verifier.close()
    zh, en = REASONS[found.reason]
    if as_json:
        print_json(
            {
                "_type": "credit-ledger/contradiction@1",
                "proven": found.proven,
                "reason": found.reason,
                "message": {"zh": zh, "en": en},
                "member": told.iss,
                "subject": told.question.code,
                "family": found.family,
                "problems": [one.as_dict() for one in found.problems],
            }
        )
    else:
        click.echo(f"{told.iss}: {say(zh=zh, en=en)} [{found.reason}]")
    return found.exit


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as source:
        return source.read(most + 1)


def _answer(data: bytes, member: str | None) -> tuple[Answer, Jws]:
    """The answer in a file, of this member where it has several. Raises Refused."""
    try:
        if is_bundle(data):
            return _in_bundle(data, member)
        text = data.strip()
        if text.startswith(b"{"):
            given = given_from_json(_object(text))
            return given.answer, given.jws
        return parse_answer(text[: MAX_JWS + 1].decode("ascii", "replace"))
    except (EvidenceError, VersionUnknown) as error:
        message = say(zh="这不是答复", en="this is no answer")
        raise Refused(f"{message}: {error}") from error


def _object(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(say(zh="这不是答复。", en="this is no answer.")) from error


def _in_bundle(data: bytes, member: str | None) -> tuple[Answer, Jws]:
    answers = {one.answer.iss: one for one in parse_bundle(data).answers}
    if member is None and len(answers) == 1:
        (found,) = answers.values()
        return found.answer, found.jws
    if member not in answers:
        there = ", ".join(answers) or "-"
        raise click.BadParameter(
            say(zh=f"须为以下之一：{there}", en=f"must be one of: {there}"), param_hint="--member"
        )
    return answers[member].answer, answers[member].jws
