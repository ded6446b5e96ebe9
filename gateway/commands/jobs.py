"""`credit-ledger gateway jobs`: what waits, what was set aside, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gateway.commands.options import config_option, database
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant

STATES = ("receiving", "queued", "running", "done", "failed", "set-aside")
UNFINISHED = ("receiving", "queued", "running", "set-aside")


@click.group(
    help=say(
        zh="""后台作业：读取文件（file）、生成待更正工作簿（report）。

        \b
        credit-ledger gateway jobs list --config gateway.toml
        credit-ledger gateway jobs retry 3f… --config gateway.toml
        """,
        en="""Jobs in the background: files to be read, workbooks to correct (report) to be made.

        \b
        credit-ledger gateway jobs list --config gateway.toml
        credit-ledger gateway jobs retry 3f… --config gateway.toml
        """,
    )
)
def jobs() -> None:
    """The group; its help is above."""


@jobs.command(
    "list",
    help=say(
        zh="列出未完成及被搁置的作业，新者在前，至多一千个。",
        en="List the jobs that are unfinished or set aside, the newest first, a thousand at most.",
    ),
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help=say(zh="只列此状态，可重复。", en="Only those in this state; repeatable."),
)
@config_option
@json_option
def jobs_list(states: tuple[str, ...], config: Path, as_json: bool) -> None:
    """One line each: id, kind, state, attempts, bytes, token, time, code."""
    with database(config) as (engine, _):
        from gateway.jobs.services import Jobs  # noqa: PLC0415 - keeps `--help` fast

        found = [
            {
                "id": job.id,
                "kind": job.kind,
                "subject": job.subject,
                "state": job.state,
                "attempts": job.attempts,
                "bytes": job.bytes,
                "token": job.token,
                "created": instant(job.created_at),
                "code": job.code,
            }
            for job in Jobs(engine).listed(states or UNFINISHED)
        ]
    if as_json:
        print_json({"jobs": found})
        return
    names = ("id", "kind", "state", "attempts", "bytes", "token", "created", "code")
    rows = ({**job, "created": shown_time(job["created"])} for job in found)
    print_rows(([row[name] for name in names] for row in rows), head=_head())


def _head() -> tuple[str, ...]:
    return (
        say(zh="编号", en="Id"),
        say(zh="种类", en="Kind"),
        say(zh="状态", en="State"),
        say(zh="次数", en="Attempts"),
        say(zh="字节", en="Bytes"),
        say(zh="令牌", en="Token"),
        say(zh="建立时间", en="Created"),
        say(zh="原因", en="Code"),
    )


@jobs.command(
    "retry",
    help=say(
        zh="重新处理被搁置的作业；其内容一直保留，已答复的行不会重复。",
        en="Have a job that was set aside done again; its content was kept, and no row that is"
        " answered is taken twice.",
    ),
)
@click.argument("job_id", metavar="ID")
@config_option
@json_option
def jobs_retry(job_id: str, config: Path, as_json: bool) -> None:
    """Exit code 1 where no such job was set aside."""
    with _changing(config, job_id) as (connection, services, store):
        if not services.retry(connection, job_id):
            raise Refused(
                say(
                    zh=f"没有被搁置的作业 {job_id}；请用 jobs list 核对。",
                    en=f"No job {job_id} is set aside; see `jobs list`.",
                )
            )
        store.make_anew(connection, services.find(connection, job_id))
    _told(job_id, "queued", as_json, zh="作业已重新排队：", en="The job waits again: ")


@jobs.command(
    "drop",
    help=say(
        zh="放弃排队、处理中或被搁置的作业，并删除其内容；已答复的行仍然有效。放弃生成待更正工作簿后，"
        "再次索取即重新生成。",
        en="Give up a job that waits, runs or was set aside, and delete its content; answered rows"
        " stand. A workbook to correct that was given up is made anew where it is asked for.",
    ),
)
@click.argument("job_id", metavar="ID")
@config_option
@json_option
def jobs_drop(job_id: str, config: Path, as_json: bool) -> None:
    """Exit code 1 where no such job waits, runs or was set aside."""
    with _changing(config, job_id) as (connection, services, store):
        if not services.drop(connection, job_id):
            raise Refused(
                say(
                    zh=f"没有排队、处理中或被搁置的作业 {job_id}；请用 jobs list 核对。",
                    en=f"No job {job_id} waits, runs or is set aside; see `jobs list`.",
                )
            )
        store.forget_job(connection, services.find(connection, job_id))
    _told(job_id, "failed", as_json, zh="作业已放弃：", en="The job was given up: ")


@contextmanager
def _changing(config: Path, job_id: str) -> Iterator[tuple[Any, Any, Any]]:
    """A transaction, the services of jobs, the store of files; the id must look like one."""
    if len(job_id) > 32 or not job_id.isalnum():  # noqa: PLR2004 - as `jobs.id`
        message = say(zh="应为 32 位十六进制", en="must be 32 hexadecimal digits")
        raise click.BadParameter(message, param_hint="ID")
    with database(config) as (engine, _):
        from gateway.base.db import begin_write  # noqa: PLC0415 - keeps `--help` fast
        from gateway.files import store  # noqa: PLC0415
        from gateway.jobs import services  # noqa: PLC0415

        with begin_write(engine, "jobs") as connection:
            yield connection, services, store


def _told(job_id: str, state: str, as_json: bool, *, zh: str, en: str) -> None:
    if as_json:
        print_json({"id": job_id, "state": state})
    else:
        note(say(zh=zh, en=en) + job_id)
