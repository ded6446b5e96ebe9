"""Answers to such tables: read in a bounded process, looked up, and forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from gateway.accesses.services import AccessLog
from gateway.base.child import Bounds, ChildDied, Children, TooCostly
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.files.errors import FileFault
from gateway.files.interfaces import PART
from gateway.intake.calendar_file import CalendarFile
from gateway.statuses.unclosed import unclosed
from gateway.worklists.find import Finder
from gateway.worklists.finding import Finding
from gateway.worklists.reading import Entries, gathered, read_entries
from gateway.worklists.reconcile import MAX_REGISTER, Reconciliation, Registers
from gateway.worklists.returns import MAX_RETURNED, Returns, Worklist
from gateway.worklists.searching import Searching, Sought

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
        self._engine = ctx.engine
        bounded = ctx.settings.files.processes > 0
        self._children = Children(
            Bounds(memory=MEMORY, cpu=CPU_SECONDS, silence=SILENCE) if bounded else None
        )
        self._returns = Returns(ctx, finder, accesses)
        self._registers = Registers(ctx, finder, accesses, calendar)
        self._finding = Finding(ctx, finder, accesses)
        self._searching = Searching(ctx, finder, accesses)
        self._working = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._tokens: set[int] = set()

    def close(self) -> None:
        """End the processes that read."""
        self._children.close()

    @contextmanager
    def place(self, caller: Caller) -> Iterator[None]:
        """A place for a table of the caller, to be taken before its body is read: a table is held
        in memory from its first byte on. One for each token. Raises NotReady where there is none.
        """
        with self._lock:
            if caller.id in self._tokens or len(self._tokens) >= AT_ONCE + MAX_WAITING:
                raise NotReady("busy-tables", retry_after=5)
            self._tokens.add(caller.id)
        try:
            yield
        finally:
            with self._lock:
                self._tokens.discard(caller.id)

    def returned(self, caller: Caller, name: str, data: bytes) -> Worklist:
        """A list of the national platform; within a `place`. Raises FileFault, NotReady."""
        with self._working:
            read = self._read(data, MAX_RETURNED)
            return unclosed(self._engine, lambda: self._returns.answer(caller, name, read))

    def reconciled(self, caller: Caller, data: bytes, authority: str | None) -> Reconciliation:
        """A register; within a `place`. Raises FileFault, NotAllowed, NotReady."""
        with self._working:
            read = self._read(data, MAX_REGISTER)
            return unclosed(self._engine, lambda: self._registers.answer(caller, read, authority))

    def found(self, caller: Caller, document: str, authority: str) -> dict[str, Any]:
        """The records of a document; see `Finding`."""
        return self._finding.find(caller, document, authority)

    def searched(self, caller: Caller, sought: Sought) -> dict[str, Any]:
        """The records of a subject or a document that the caller may read; see `Searching`."""
        return self._searching.search(caller, sought)

    def entries(self, data: bytes, most: int) -> Entries:
        """The rows of a table, at most so many; within a `place`. Raises FileFault, NotReady."""
        with self._working:
            return self._read(data, most)

    def _read(self, data: bytes, most: int) -> Entries:
        sent = [data[at : at + PART] for at in range(0, len(data), PART)]
        try:
            run = self._children.run(read_entries, most, sent=sent, stop=threading.Event())
            with closing(run) as pieces:
                return gathered(pieces)
        except TooCostly as error:
            raise FileFault(f"too-much-{error.what}") from error
        except ChildDied as error:  # of the table or of the machine: it may be sent again
            raise NotReady("busy-tables", retry_after=5) from error
