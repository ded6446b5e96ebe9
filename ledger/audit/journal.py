"""A file that only grows, of frames each of which is tied to all before it.

    frame  = kind (1 byte) ‖ length (4 bytes) ‖ payload ‖ digest
    digest = SHA-256(digest of the frame before ‖ kind ‖ length ‖ payload)

The digest before the first frame is the seed, which says what the file is about. A frame of kind
MARK is a position: it is written after the work that it stands for, then all is brought to the
disk. What is behind the last mark is nothing: work that was under way when the process ended. So a
file that was cut off, or of which a byte has changed, goes on from the last mark before that; it
never says anything that was not written.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, NamedTuple

from ledger.audit import disk

__all__ = ["MAX_FRAME", "Journal", "all_notes"]

_NOTE, _MARK = 1, 2
MAX_FRAME: Final = 64 << 20
"""Bytes of a payload: a position with all that a hostile log can have counted has 10 MB."""
_HEAD: Final = struct.Struct(">BI")
_DIGEST: Final = 32
_BUFFER: Final = 1 << 20
"""Bytes that wait before they are written."""


class _Frame(NamedTuple):
    kind: int
    payload: bytes
    digest: bytes
    end: int


class Journal:
    """Opens or makes the file, and cuts off what is behind the last mark. Raises OSError,
    BlockingIOError where another process has it.

    position: payload of that mark, None: there is none. damaged: something else than an end that
    was not written whole has to be read again.
    """

    def __init__(self, path: Path, seed: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(path, flags, 0o600)
        self._seed = seed
        self._waiting = bytearray()
        self.position: bytes | None = None
        self.damaged = False
        self._digest, self._end = seed, 0
        try:
            disk.lock(self._handle)
            self._look()
        except BaseException:
            self.close()
            raise

    def _look(self) -> None:
        """Find the last mark."""
        with self._open() as file:
            try:
                for frame in _frames(file, self._seed):
                    if frame.kind == _MARK:
                        self.position = frame.payload
                        self._digest, self._end = frame.digest, frame.end
            except _Damaged:
                self.damaged = True
        if os.fstat(self._handle).st_size > self._end:
            disk.cut(self._handle, self._end)

    def notes(self) -> Iterator[bytes]:
        """The payloads before the last mark as it was when this was opened. Raises OSError."""
        end = self._end
        with self._open() as file:
            for frame in _frames(file, self._seed) if end else ():
                if frame.kind == _NOTE:
                    yield frame.payload
                if frame.end == end:
                    return

    def note(self, payload: bytes) -> None:
        """Some more work. Raises OSError."""
        self._append(_NOTE, payload)
        if len(self._waiting) >= _BUFFER:
            self._write()

    def mark(self, payload: bytes) -> None:
        """How far the work has come, all of which was noted. Raises OSError."""
        self._append(_MARK, payload)
        self._write()
        disk.sync(self._handle)

    def flush(self) -> None:
        """What was noted behind the last mark can be read, until this is opened again. Raises
        OSError."""
        self._write()

    def close(self) -> None:
        """What was not marked is forgotten."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _append(self, kind: int, payload: bytes) -> None:
        head = _HEAD.pack(kind, len(payload))
        self._digest = sha256(b"".join((self._digest, head, payload))).digest()
        self._waiting += head
        self._waiting += payload
        self._waiting += self._digest

    def _write(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        disk.write(self._handle, data)

    def _open(self) -> IO[bytes]:
        file = os.fdopen(os.dup(self._handle), "rb")
        file.seek(0)
        return file


def all_notes(path: Path, seed: bytes) -> Iterator[bytes]:
    """The payloads of a file that another process has written and `flush`ed. Raises OSError."""
    with path.open("rb") as file:
        for frame in _frames(file, seed):
            if frame.kind == _NOTE:
                yield frame.payload


class _Damaged(Exception):
    """Something was written here that is not as it was written."""


def _frames(file: IO[bytes], seed: bytes) -> Iterator[_Frame]:
    """Those that are right, up to the first that is not: one that was not written whole ends them,
    another raises _Damaged."""
    digest, at = seed, 0
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        kind, length = _HEAD.unpack(head)
        if kind not in (_NOTE, _MARK) or length > MAX_FRAME:
            raise _Damaged
        body = file.read(length + _DIGEST)
        if len(body) < length + _DIGEST:
            return
        payload = body[:length]
        digest = sha256(b"".join((digest, head, payload))).digest()
        if digest != body[length:]:
            raise _Damaged
        at += len(head) + len(body)
        yield _Frame(kind, payload, digest, at)
