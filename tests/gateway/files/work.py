"""What the worker does, here or in a child process that is to be killed."""

import threading
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from gateway.files import services, store
from gateway.files.models import files
from gateway.files.tasks import FileWorker
from gateway.node import Node
from tests.support.node import make_test_node


def make_worker(node: Node) -> FileWorker:
    """The step of a file worker that need not look for files of a dead one."""
    return FileWorker(node.ctx, node.file_store, node.files, lambda: None)


def work(node: Node) -> None:
    """Until nothing waits any more."""
    node.ctx.signals.uploaded.set()
    make_worker(node)(threading.Event())


def let_go(node: Node) -> None:
    """As if the lease of every file had passed."""
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(files).values(due=store.now() - 1))


def answer_files(folder: str, set_size: str, now: str) -> None:
    """In a child: a node of the seed "crash" answers what waits in its database."""
    services.ROWS_PER_SET = int(set_size)
    node = make_test_node(Path(folder), seed="crash", now=datetime.fromisoformat(now))
    let_go(node)
    work(node)
    node.close()
