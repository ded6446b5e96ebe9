"""Answers to such tables: read in a bounded process, looked up, and forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from gateway.accesses.services import AccessLog
from gateway.base.child import Bounds, ChildDied, Children, TooCostly
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.files.errors import FileFault
from gateway.files.interfaces import PART
from gateway.intake.calendar_file import CalendarFile
from gateway.worklists.find import Finder
from gateway.worklists.reading import Entry, opened, read_entries
from gateway.worklists.reconcile import MAX_REGISTER, Reconciliation, Registers
from gateway.worklists.returns import MAX_RETURNED, Returns, Worklist

MEMORY = 512 << 20
"""Bytes for reading one such table."""
CPU_SECONDS = 60
SILENCE = 120.0
AT_ONCE = 2
"""Tables looked at; `MAX_WAITING` more wait, further ones are told to come again."""
MAX_WAITING = 4


class Worklists:
    """Answers tables while their senders wait; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        hmac: Hmac,
        vault: Vault,
        accesses: AccessLog,
        calendar: CalendarFile,
    ) -> None:
        finder = Finder(hmac, vault)
        bounded = ctx.settings.files.processes > 0
        self._children = Children(
            Bounds(memory=MEMORY, cpu=CPU_SECONDS, silence=SILENCE) if bounded else None
        )
        self._returns = Returns(ctx, finder, accesses)
        self._registers = Registers(ctx, finder, accesses, calendar)
        self._working = threading.Semaphore(AT_ONCE)
        self._room = threading.Semaphore(AT_ONCE + MAX_WAITING)

    def close(self) -> None:
        """End the processes that read."""
        self._children.close()

    def returned(self, caller: Caller, name: str, data: bytes) -> Worklist:
        """A list of the national platform. Raises FileFault, NotReady."""
        with self._turn():
            return self._returns.answer(caller, name, self._read(data, MAX_RETURNED))

    def reconciled(self, caller: Caller, data: bytes, authority: str | None) -> Reconciliation:
        """A register. Raises FileFault, NotAllowed, NotReady."""
        with self._turn():
            return self._registers.answer(caller, self._read(data, MAX_REGISTER), authority)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise NotReady("busy", retry_after=5)
        try:
            with self._working:
                yield
        finally:
            self._room.release()

    def _read(self, data: bytes, most: int) -> list[Entry]:
        sent = [data[at : at + PART] for at in range(0, len(data), PART)]
        entries: list[Entry] = []
        try:
            run = self._children.run(read_entries, most, sent=sent, stop=threading.Event())
            with closing(run) as pieces:
                for piece in pieces:
                    entries += opened(piece)
        except TooCostly as error:
            raise FileFault(f"too-much-{error.what}") from error
        except ChildDied as error:  # of the table or of the machine: it may be sent again
            raise NotReady("busy", retry_after=5) from error
        return entries
