"""The threads that answer files and make workbooks to correct."""

from __future__ import annotations

from gateway.base.context import Context
from gateway.base.threads import Step
from gateway.files.services import Files
from gateway.files.store import FileStore
from gateway.jobs.services import Jobs
from gateway.jobs.tasks import JobWorker, Once

WORKERS = 2
"""Files read at once where the gateway itself reads them."""


def file_workers(
    ctx: Context, jobs: Jobs, store: FileStore, files: Files
) -> list[tuple[str, Step]]:
    """Names and steps. A thread of its own makes the workbooks: they are short work, and must not
    wait for the largest file."""

    def take_over() -> None:
        jobs.take_over("file")
        jobs.take_over("report")

    opening = Once(take_over)
    named: list[tuple[str, Step]] = [
        (
            f"files-{at}",
            JobWorker(
                "file",
                jobs,
                files.process,
                wake=ctx.signals.uploaded,
                opening=opening,
                tidy=store.forget_old,
            ),
        )
        for at in range(1, (ctx.settings.files.processes or WORKERS) + 1)
    ]
    reports = JobWorker("report", jobs, files.make_report, wake=ctx.signals.asked, opening=opening)
    return [*named, ("reports", reports)]
