"""`credit-ledger audit promise`: was what a member promised anchored in time?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.language import pick, say
from ledger.cli.options import json_option, load_network, local_clock, network_options
from ledger.cli.output import Unknown, print_json
from ledger.cli.replaying import mirror_option
from ledger.cli.tables import plain, rows, stdout
from ledger.cli.times import shown_time
from ledger.core.errors import CouldNotCheck, VersionUnknown

if TYPE_CHECKING:
    from ledger.audit.promise_files import Given
    from ledger.audit.promise_result import Judged, LeafAt, PromiseAudit
    from ledger.chain.network import NetworkFile

_MOST = 20  # leaves of one promise that are shown; `--json` has all
_STYLES = {"met": "bold green", "broken": "bold red", "unchecked": "bold yellow"}

_HELP = say(
    zh="""核对成员的承诺：所承诺的条目是否在期限之前上链存证。

    FILE 是报送时得到的答复（单条、文件或逐行），或只有承诺的开启件，原样保存即可。凭承诺的签名、
    链上的存证和公开日志判断，不需要任何人的说法；日志的成员不提供瓦片时，改读他省的镜像。
    退出码：0 全部兑现；1 有未兑现的；2 不是这样的文件；4 无法核对（含不是该成员的承诺、期限未到）。

    \b
    示例：
      credit-ledger audit promise answer.json --network network.json
      credit-ledger audit promise answer.json --mirror 110000=https://mirror.example --json
    """,
    en="""Tell whether what a member promised was anchored by the time that it named.

    FILE is an answer as it was given: to one record, to a file or to lines of records, or an
    opening that has a promise alone. The signature of the promise, the anchors on the chain and the
    public log decide, and nobody's word; where the member does not serve its tiles, the mirrors of
    other provinces are read.
    Exit codes: 0 all were met; 1 one was broken; 2 no such file; 4 it could not be checked (also
    where it is not that member's promise, or not due yet).

    \b
    Examples:
      credit-ledger audit promise answer.json --network network.json
      credit-ledger audit promise answer.json --mirror 110000=https://mirror.example --json
    """,
)


@click.command("promise", help=_HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@network_options
@mirror_option
@json_option
def promise(
    *, file: Path, network: Path, rpc: tuple[str, ...], mirror: dict[str, str], as_json: bool
) -> int:
    """See `_HELP`."""
    given = _read(file)
    found = _judge(load_network(network, rpc), given, mirror)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)
    return found.exit


def _read(path: Path) -> list[Given]:
    """The promises in a file. Raises BadParameter where there is none, Unknown where one is of a
    later version."""
    from ledger.audit.promise_files import (  # noqa: PLC0415 - `--help` need not wait for it
        MAX_FILE,
        NoPromise,
        read_promises,
    )

    try:
        with path.open("rb") as file:
            return read_promises(file.read(MAX_FILE + 1))
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="FILE") from error
    except NoPromise as error:
        told = say(zh="不是含有承诺的答复", en="not an answer that holds a promise")
        raise click.BadParameter(f"{path}: {told}: {error}", param_hint="FILE") from error
    except VersionUnknown as error:
        told = say(zh="版本比本软件新", en="of a version newer than this software")
        raise Unknown(f"{path}: {told}: {error.message}") from error


def _judge(network: NetworkFile, given: list[Given], mirrors: dict[str, str]) -> PromiseAudit:
    """Judge them. Raises Unknown where the chain cannot be read."""
    from ledger.audit.judge_promises import judge_promises  # noqa: PLC0415 - see `--help`
    from ledger.audit.log_sources import log_sources  # noqa: PLC0415
    from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415
    from ledger.chain.nodes.http import Http  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    clock = local_clock()
    reader, https = QuorumReader(network, now=clock), Http()
    try:
        view = reader.head()
        consortium = Consortium(network.consortium, view.call, view.calls)
        sources = log_sources(consortium, https, mirrors)
        return judge_promises(given, reader, sources, now=int(clock()))
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        https.close()
        reader.close()


# ---- as people read it


def _show(found: PromiseAudit) -> None:
    console = stdout()
    for one in found.judged:
        _show_one(one)
    if len(found.judged) > 1:
        counts = {name: sum(one.outcome == name for one in found.judged) for name in _STYLES}
        text = say(
            zh="{count} 个承诺：兑现 {met}，未兑现 {broken}，无法核对 {unchecked}",
            en="{count} promises: {met} met, {broken} broken, {unchecked} not checked",
        )
        told = text.format(count=len(found.judged), **counts)
        console.print(plain(told, _STYLES[found.outcome]))


def _show_one(one: Judged) -> None:
    from ledger.audit.promise_codes import PROMISES  # noqa: PLC0415 - see `--help`

    console, about, made = stdout(), PROMISES[one.code], one.given.promise
    console.print(plain(f"{pick(about.message)} [{one.code}]", _STYLES[one.outcome]))
    if one.problem:
        console.print(plain(f"  {one.problem}", "dim"))
    console.print(
        rows(
            [
                (say(zh="成员", en="Member"), one.member or "–"),
                (say(zh="日志", en="Log"), made.log.hex()),
                (say(zh="条目数", en="Entries"), made.count),
                (say(zh="签发", en="Issued"), shown_time(made.issued_at)),
                (say(zh="期限", en="Due"), shown_time(made.due)),
                (say(zh="期限后的首次存证", en="First anchor after it"), _first(one)),
                *([(say(zh="最迟晚于期限", en="Late by"), _span(one.late))] if one.late else []),
                *([(say(zh="瓦片来自", en="Tiles from"), one.read_from)] if one.read_from else []),
            ]
        )
    )
    for leaf in one.leaves[:_MOST]:
        console.print(plain(f"  {leaf.leaf.hex()[:16]}  {_leaf(one, leaf)}"))
    if len(one.leaves) > _MOST:
        more = len(one.leaves) - _MOST
        console.print(say(zh=f"  另有 {more} 个条目，见 --json", en=f"  {more} more, see --json"))
    console.print(plain(pick(about.remedy), "dim"))


def _first(one: Judged) -> str:
    if one.first is None:
        return "–"
    block, size = one.first.block, one.first.anchor.size
    told = say(zh="区块 {number}，{time}，{size} 条", en="block {number}, {time}, {size} entries")
    return told.format(number=block.number, time=shown_time(block.time), size=size)


def _leaf(one: Judged, leaf: LeafAt) -> str:
    if leaf.index is None:
        return say(zh="不在日志中", en="not in the log")
    place = say(zh=f"第 {leaf.index} 条", en=f"at index {leaf.index}")
    if leaf.mined is None:
        return place
    anchored = say(zh="存证于 {time}（区块 {block}）", en="anchored {time} (block {block})")
    block = leaf.mined.block
    told = f"{place}, {anchored.format(time=shown_time(block.time), block=block.number)}"
    if not leaf.late:
        return told
    within = say(zh="在期限后的首次存证中", en="in the first anchor after it was due")
    later = say(zh="不在期限后的首次存证中", en="not in the first anchor after it was due")
    return f"{told}, {within if one.in_first(leaf) else later}"


def _span(seconds: int) -> str:
    """`3 d 04:05:06`."""
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return say(zh=f"{days} 天 {clock}", en=f"{days} d {clock}") if days else clock
