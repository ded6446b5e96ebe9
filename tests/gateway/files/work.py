"""What the worker does, here or in a child process that is to be killed."""

import threading
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from gateway.files import services
from gateway.jobs.models import jobs
from gateway.jobs.services import now
from gateway.jobs.tasks import JobWorker
from gateway.node import Node
from tests.support.node import make_test_node


def make_worker(node: Node) -> JobWorker:
    """The step of a file worker that need not look for files of a dead one."""
    wake = node.ctx.signals.uploaded
    return JobWorker("file", node.jobs, node.files.process, wake=wake, opening=lambda: None)


def make_reporter(node: Node) -> JobWorker:
    """The same for workbooks to correct."""
    wake = node.ctx.signals.asked
    return JobWorker("report", node.jobs, node.files.make_report, wake=wake, opening=lambda: None)


def work(node: Node) -> None:
    """Until nothing waits any more."""
    for event in (node.ctx.signals.uploaded, node.ctx.signals.asked):
        event.set()
    for worker in (make_worker(node), make_reporter(node)):
        worker(threading.Event())


def let_go(node: Node) -> None:
    """As if the lease of every job had passed."""
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(jobs).values(due=now() - 1))


def answer_files(folder: str, set_size: str, now: str) -> None:
    """In a child: a node of the seed "crash" answers what waits in its database."""
    services.ROWS_PER_SET = int(set_size)
    node = make_test_node(Path(folder), seed="crash", now=datetime.fromisoformat(now))
    let_go(node)
    work(node)
    node.close()
