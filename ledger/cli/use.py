"""`credit-ledger use`: all that the provinces state of a subject, asked through one's own node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.node import Answer, Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Unknown, demand_new, note, print_json, write_file
from ledger.cli.record_words import authorisation_of
from ledger.core.authorisation import PURPOSES
from ledger.core.bundle import parse_bundle
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.query import DECISIONS
from ledger.core.verdict.verdicts import EXIT_DO_NOT_USE, EXIT_UNKNOWN, EXIT_VALID

_OK = 200
_NOW, _NAME = "credit-ledger-now", "credit-ledger-use"
_EXITS = {"clear": EXIT_VALID, "adverse": EXIT_DO_NOT_USE, "open": EXIT_UNKNOWN}


@click.command(
    "use",
    help=say(
        zh="""向各省查询一个主体，取得其全部有效记录的证据包。CODE 是统一社会信用代码。

        各省并行查询，一省不通不影响其余，未答复的省份及原因列明。查询须有目的；非公开记录须有主体的
        授权（--authorisation，见 auth list）。查询和用途由本节点登记，并告知各来源省份。

        \b
        示例：
          credit-ledger use 91110000600037341L --purpose pre-loan --to http://127.0.0.1:8551
          credit-ledger use CODE --purpose pre-loan --types penalty,severe-list-entry \\
              --authorisation 授权编号 -o 证据包.json --decision approved --to URL
          credit-ledger verify 证据包.json --network network.json

        退出码：0 无不利记录，且各省均已说明 · 3 有不利记录 · 4 未决（有省份未答复，或有争议、无法
        核对的记录） · 1 被本节点拒绝
        """,
        en="""Ask all provinces about a subject: a bundle of evidence with all its records in
        force. CODE is its unified social credit code.

        Provinces are asked side by side; one that is down holds up no other, and who is missing is
        named with the reason. A question has a purpose; what is not public needs an authorisation
        of the subject (--authorisation, see `auth list`). The question and what came of it are
        stated by this node, and told to each source.

        \b
        Examples:
          credit-ledger use 91110000600037341L --purpose pre-loan --to http://127.0.0.1:8551
          credit-ledger use CODE --purpose pre-loan --types penalty,severe-list-entry \\
              --authorisation C -o bundle.json --decision approved --to URL
          credit-ledger verify bundle.json --network network.json

        Exit codes: 0 clear: nothing adverse, stated by all · 3 adverse · 4 open: somebody is
        missing, or a record is disputed or could not be settled · 1 refused at this node
        """,
    ),
)
@click.argument("code", metavar="CODE")
@click.option(
    "--purpose",
    required=True,
    type=click.Choice(sorted(PURPOSES)),
    help=say(zh="查询目的。", en="What the answer is for."),
)
@click.option(
    "--types",
    metavar="T,…",
    help=say(
        zh="记录类别，以逗号分隔；默认授权所列的，或全部公开类别。",
        en="Families of records, by commas; by default those of the authorisation, or all public"
        " ones.",
    ),
)
@click.option(
    "--authorisation",
    metavar="C",
    help=say(zh="授权编号（64 位十六进制）。", en="The authorisation, 64 hex digits."),
)
@click.option(
    "--decision",
    type=click.Choice(sorted(DECISIONS)),
    default="none",
    show_default=True,
    help=say(zh="据此作出的决定。", en="What it led to."),
)
@click.option(
    "--matter",
    default="",
    help=say(zh="事项，只留在本节点。", en="The matter, in words of your own; it stays here."),
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="BUNDLE",
    help=say(zh="把证据包写入此处；文件不得已存在。", en="Write the bundle; must not exist."),
)
@node_options
@json_option
def use(
    *,
    code: str,
    purpose: str,
    types: str | None,
    authorisation: str | None,
    decision: str,
    matter: str,
    out: Path | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    asked: dict[str, Any] = {
        "code": code,
        "purpose": purpose,
        "decision": decision,
        "matter": matter,
    }
    if types is not None:
        asked["types"] = [each.strip() for each in types.split(",") if each.strip()]
    if authorisation is not None:
        asked["authorisation"] = authorisation
    if out is not None:  # before anything is asked; an older bundle is evidence too
        demand_new(out, hint="-o")
    with Node(url, token) as node:
        answer = expect(node.post_slowly("/v1/uses", json=asked), _OK)
    return _EXITS[show_answer(answer, out, use_id=answer.headers.get(_NAME), as_json=as_json)]


def show_answer(answer: Answer, out: Path | None, *, use_id: str | None, as_json: bool) -> str:
    """Write the bundle that came back, and show it; its overall result. use_id: under which it is
    kept there. Raises Unknown where it is none."""
    value = _shown(answer, use_id)
    if out is not None:
        write_file(out, answer.body, private=True)
        note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    if as_json:
        print_json(value)
    else:
        from ledger.cli.bundle_tables import show_use  # noqa: PLC0415 - rich is slow

        show_use(value)
    return str(value["overall"])


def _shown(answer: Answer, use_id: str | None) -> dict[str, Any]:
    """What came back, without what proves it. Raises Unknown where it is no bundle."""
    try:
        bundle = parse_bundle(answer.body)
    except (EvidenceError, VersionUnknown) as error:
        raise Unknown(str(error)) from error
    return {
        "_type": "credit-ledger/use-shown@1",
        "use": use_id,
        "queries": {
            one.answer.iss: one.opening.statement.commitment.hex() for one in bundle.answers
        },
        "authorisation": authorisation_of(bundle),
        "subject": bundle.subject,
        "overall": bundle.overall,
        "now": answer.headers.get(_NOW),
        "answered": {one.answer.iss: len(one.answer.items) for one in bundle.answers},
        "missing": [one.to_json() for one in bundle.missing],
        "completeness": [one.to_json() for one in bundle.completeness],
        "verdicts": [dict(one) for one in bundle.verdicts],
    }
