"""How commands run a replay: what they ask for, how far it is, and what they say beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.drawing import fetch_over_http
from ledger.cli.language import pick, say
from ledger.cli.options import local_clock
from ledger.cli.output import Unknown, note
from ledger.cli.problems import told as told_problem
from ledger.cli.progress import bars
from ledger.core.day_list import MAX_FILE
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.verdict.verdict import note_text

if TYPE_CHECKING:
    from ledger.audit.judge_sums import SumsAsked
    from ledger.audit.listed import Beside
    from ledger.audit.replay import Report
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.http import Http
    from ledger.chain.nodes.quorum import QuorumReader
    from ledger.core.verdict.facts import Note
    from ledger.verify import Verifier


mirror_option = click.option(
    "--mirror",
    multiple=True,
    callback=lambda _context, _option, given: dict(_mirror(text) for text in given),
    metavar="CODE=URL",
    help=say(
        zh="从别处读取某成员的日志（可重复）。", en="Read a member's logs there (repeatable)."
    ),
)
"""`--mirror CODE=URL`, as URLs by codes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be replayed, and how. lists, draws, sums: as the commands take them."""

    openings: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()
    draws: tuple[Path, ...] = ()
    calendar: Path | None = None
    mirrors: dict[str, str] = field(default_factory=dict)
    block: int | None = None
    check_mirrors: bool = False
    sums: SumsAsked | None = None
    gas: bool = False


def run_replay(network: NetworkFile, asked: Asked) -> Report:
    """The report, with a bar while it is made. Raises BadParameter where a file cannot be read, and
    Unknown where the chain cannot."""
    from ledger.audit.opening_files import NotOpenings, OpeningFiles  # noqa: PLC0415 - see `--help`
    from ledger.audit.replay import replay as run  # noqa: PLC0415
    from ledger.chain.nodes.http import Http  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415
    from ledger.records.calendar import Calendar  # noqa: PLC0415

    reader, https = QuorumReader(network, now=local_clock(), on_note=_show_note), Http()
    try:
        with bars() as shown:
            task = shown.add_task(say(zh="重放", en="replaying"), total=None)

            def progress(log: str, done: int, size: int) -> None:
                shown.update(task, completed=done, total=size, description=log[:12])

            return run(
                network,
                reader=reader,
                mirrors=asked.mirrors,
                to_block=asked.block,
                progress=progress,
                told=_show_mirror,
                openings=OpeningFiles(asked.openings) if asked.openings else None,
                calendar=Calendar.load(asked.calendar),
                check_mirrors=asked.check_mirrors,
                beside=_beside(network, reader, asked, https),
                sums=asked.sums,
                gas=asked.gas,
            )
    except NotOpenings as error:
        raise click.BadParameter(told_problem(error), param_hint="--openings") from error
    except ConfigError as error:
        raise click.BadParameter(told_problem(error), param_hint="--calendar") from error
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        https.close()
        reader.close()


def _beside(network: NetworkFile, reader: QuorumReader, asked: Asked, https: Http) -> Beside | None:
    """What holds files against the replay; None where there are none."""
    if not asked.lists and not asked.draws:
        return None
    from ledger.audit.listed import Together  # noqa: PLC0415 - see `--help`
    from ledger.verify import Verifier  # noqa: PLC0415

    verifier = Verifier(network, reader=reader, now=local_clock())
    parts = [*_lists(verifier, asked.lists), *_draws(network, verifier, reader, asked, https)]
    return Together(parts)


def _lists(verifier: Verifier, paths: tuple[Path, ...]) -> Iterator[Beside]:
    if not paths:
        return
    from ledger.files.list_audit import ListAudit, NotLists  # noqa: PLC0415 - see `--help`

    try:
        yield ListAudit(verifier, {str(path): _bytes(path) for path in paths})
    except NotLists as error:
        raise click.BadParameter(str(error), param_hint="--lists") from error


def _draws(
    network: NetworkFile, verifier: Verifier, reader: QuorumReader, asked: Asked, https: Http
) -> Iterator[Beside]:
    if not asked.draws:
        return
    from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415 - see `--help`
    from ledger.files.draw_files import DrawAudit, Papers  # noqa: PLC0415

    view = reader.head()
    consortium = Consortium(network.consortium, view.call, view.calls)
    yield DrawAudit(
        verifier=verifier,
        reader=reader,
        folders=asked.draws,
        papers=Papers(asked.openings),
        fetch_for=fetch_over_http(consortium, https, asked.mirrors),
    )


def _bytes(path: Path) -> bytes:
    """A file; of one that is too long for any list so much that it is seen."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--lists") from error


def _show_note(told: Note) -> None:
    """Something about a node, on stderr; the report is the same without."""
    note(pick(note_text(told)))


def _show_mirror(log: str, member: str) -> None:
    """Whose copy of a log was read, on stderr; the report is the same without."""
    note(
        say(
            zh=f"日志 {log[:12]} 的成员没有提供全部内容，已改读成员 {member} 的镜像",
            en=f"log {log[:12]}: its member does not serve all of it, read from the mirror of"
            f" {member}",
        )
    )


def _mirror(text: str) -> tuple[str, str]:
    from ledger.audit.tiles import is_plain_url  # noqa: PLC0415 - `--help` need not wait for it

    code, _, url = text.partition("=")
    if not code or not is_plain_url(url):
        wanted = say(zh="应为 CODE=URL", en="must be CODE=URL")
        raise click.BadParameter(f"{text}: {wanted}", param_hint="--mirror")
    return code, url
