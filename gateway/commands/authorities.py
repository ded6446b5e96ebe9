"""`credit-ledger gateway authorities`: files of who is who, looked over before use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from gateway.base.who import Doubts, Who
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, print_rows
from ledger.records import uscc
from ledger.records.authorities import parse_authorities
from ledger.records.lawful import parse_exceptions, parse_subjects
from ledger.records.operator_file import read_operator_file

_MAX_FILE = 1 << 24
_PARTS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "credit-ledger/authorities@1": ("authorities", parse_authorities),
    "credit-ledger/uscc-exceptions@1": ("exceptions", parse_exceptions),
    "credit-ledger/subjects@1": ("subjects", parse_subjects),
}


@click.group(
    help=say(
        zh="""机关表、例外代码与多代码主体的文件：启用前先检查。

        \b
        credit-ledger gateway authorities check authorities.json uscc-exceptions.json
        credit-ledger gateway authorities show 11120000000000000X --config gateway.toml
        """,
        en="""Files of authorities, excepted codes and subjects with several codes: look them over
        before they are used.

        \b
        credit-ledger gateway authorities check authorities.json uscc-exceptions.json
        credit-ledger gateway authorities show 11120000000000000X --config gateway.toml
        """,
    )
)
def authorities() -> None:
    """The group; its help is above."""


@authorities.command(
    "check",
    help=say(
        zh="""检查文件（以 _type 区分三种）；有误则指明条目与改法，退出码 1。

        机关表中的代码校验码不符者，须与例外文件一同检查才不算存疑。
        """,
        en="""Check files, told apart by their `_type`; what is wrong is named with its entry and
        what to do, exit code 1.

        Codes of authorities that fail their check characters are doubtful unless the file of
        exceptions is given too.
        """,
    ),
)
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@json_option
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Exit code 1 where a file cannot be used, or something in it is doubtful."""
    parts: dict[str, Any] = {}
    with failures():
        for path in files:
            name, part = read_operator_file(path, str(path), _part, max_bytes=_MAX_FILE)
            if name in parts:
                raise Refused(
                    say(
                        zh=f"{path}：同一种文件只能给一个。",
                        en=f"{path}: give one file of a kind.",
                    )
                )
            parts[name] = part
    who = Who(**parts)
    doubts = Doubts.of(who)
    told = {
        "authorities": len(who.authorities),
        "exceptions": len(who.exceptions),
        "subjects": len(who.subjects),
        "doubtful": {"codes": list(doubts.codes), "kinds": list(doubts.kinds)},
    }
    if as_json:
        print_json(told)
    else:
        _tell(told, doubts)
    if doubts.codes or doubts.kinds:
        raise Refused(say(zh="请先处理存疑之处。", en="See to what is doubtful first."))


def _part(tree: Any) -> tuple[str, Any]:
    type_ = str(tree.get("_type")) if isinstance(tree, dict) else ""
    if type_ not in _PARTS:
        raise ValueError(f"_type is none of {', '.join(_PARTS)}")
    name, parse = _PARTS[type_]
    return name, parse(tree)


def _tell(told: Mapping[str, Any], doubts: Doubts) -> None:
    note(
        say(
            zh=f"可用：{told['authorities']} 个机关，{told['exceptions']} 个例外代码，"
            f"{told['subjects']} 个多代码或多名称的主体。",
            en=f"Usable: {told['authorities']} authorities, {told['exceptions']} excepted codes,"
            f" {told['subjects']} subjects with several codes or names.",
        )
    )
    for code in doubts.codes:
        note(
            say(
                zh=f"存疑：{code} 校验码不符；按证照核对，合法者列入例外文件。",
                en=f"Doubtful: {code} fails its check characters; compare it with the certificate,"
                " and add it to the file of exceptions where it is lawful.",
            )
        )
    for kind in doubts.kinds:
        note(
            say(
                zh=f"存疑：规则中没有类别 {kind}；核对写法。",
                en=f"Doubtful: no rules know the kind {kind}; see how it is spelled.",
            )
        )


@authorities.command(
    "show",
    help=say(
        zh="显示持有这些代码的令牌在某日代表谁：代码、名称、所及认定日期。",
        en="Show what a token with these codes stands for on a day: codes, names, and the days of"
        " decision that it reaches.",
    ),
)
@click.argument("codes", metavar="USCC…", nargs=-1, required=True)
@click.option(
    "--on",
    "day",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help=say(zh="哪一天，默认今天。", en="On which day; today by default."),
)
@config_option
@json_option
def show(codes: tuple[str, ...], day: Any, config: Path, as_json: bool) -> None:
    """One line each: code, name, first and last day."""
    from gateway.base.clock import Clock  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.settings import load  # noqa: PLC0415
    from gateway.base.who import WhoPaths  # noqa: PLC0415

    with failures():
        settings = load(config)
        who = WhoPaths.of(settings).read()
    today = day.date() if day else Clock.of(settings.now).today()
    rows = [
        {
            "code": one.code,
            "name": one.name,
            "from": None if one.first == date.min else one.first.isoformat(),
            "until": None if one.last == date.max else one.last.isoformat(),
        }
        for one in who.authorities.standings(map(uscc.normalise, codes), today)
    ]
    if as_json:
        print_json({"on": today.isoformat(), "standsFor": rows})
        return
    head = (
        say(zh="代码", en="Code"),
        say(zh="名称", en="Name"),
        say(zh="自", en="From"),
        say(zh="至", en="Until"),
    )
    print_rows((row.values() for row in rows), head=head)
