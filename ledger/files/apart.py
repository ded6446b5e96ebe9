"""Taking attachments out of a PDF in a process of its own, with bounds on memory and time.

    python -P -m ledger.files.apart MEMORY CPU

The process reads the file from its standard input and writes what it found to its output:

    b"M" ‖ problem in UTF-8                                            it is malformed
    b"A" ‖ (length of name u16 ‖ name ‖ length u32 ‖ bytes)… ‖ 0 u16   its attachments

A library that parses what strangers send cannot be bounded from within: a stream of objects of some
kilobytes takes it hours. What ends here is a process without keys or network; that it ended says
nothing about the file, so it is *could not check*. (`gateway.base.child` keeps processes for work
of its own; this one is for whoever verifies, one file at a time.)
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Final, cast

from ledger.core.errors import CouldNotCheck, Malformed
from ledger.files.attachments import MAX_ALL, MAX_ATTACHED, attached

__all__ = ["BOUNDS", "Bounds", "attached_apart"]

_NO_MEMORY: Final = 75
"""Status with which the process ends that got no memory."""
_MAX_NAME: Final = 1 << 10
_MAX_OUT: Final = MAX_ALL + MAX_ATTACHED * (_MAX_NAME + 6) + 3
_INHERITED: Final = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SYSTEMROOT")
"""Variables that it needs to start: those of a gateway may be secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of one file. memory: bytes of addresses beyond those of the start. cpu: seconds of the
    processor. deadline: seconds of the clock."""

    memory: int
    cpu: int
    deadline: float


BOUNDS: Final = Bounds(memory=512 << 20, cpu=20, deadline=60.0)
"""A report of 1,000 lines takes some 100 MB and two seconds; the machine may have else to do."""


def attached_apart(data: bytes, *, bounds: Bounds = BOUNDS) -> list[tuple[str, bytes]]:
    """Name and bytes of each attachment. Raises Malformed as `attached` does, and CouldNotCheck
    where the process was not done within its bounds."""
    told = _run(data, bounds)
    kind, rest = told[:1], BytesIO(told[1:])
    if kind == b"M":
        raise Malformed("report", rest.read().decode("utf-8", "replace"))
    if kind != b"A":
        raise _unread("no answer")
    try:
        return list(_frames(rest))
    except (struct.error, UnicodeDecodeError) as error:
        raise _unread("half an answer") from error


def _run(data: bytes, bounds: Bounds) -> bytes:
    """What the process wrote; all of it, or CouldNotCheck."""
    try:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", __name__, str(bounds.memory), str(bounds.cpu)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # messages of foreign code may quote the file
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        )
    except OSError as error:
        raise _unread(str(error.strerror)) from error
    guard = threading.Timer(bounds.deadline, process.kill)
    guard.daemon = True
    guard.start()
    try:
        with process:
            told = _asked(process, data)
            if len(told) > _MAX_OUT:
                process.kill()
            status = process.wait()
    finally:
        guard.cancel()
    if status or len(told) > _MAX_OUT:
        raise _unread(f"ended with status {status}")
    return told


def _asked(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    """It reads all of the file before it writes, so neither waits for the other."""
    told, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    try:
        told.write(data)
        told.close()
    except OSError:  # it is over, and its status says why
        return b""
    return out.read(_MAX_OUT + 1)


def _unread(why: str) -> CouldNotCheck:
    return CouldNotCheck("report-costly", f"the process that reads the PDF: {why}")


def _frames(rest: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    while length := struct.unpack(">H", rest.read(2))[0]:
        name = rest.read(length).decode()
        (size,) = struct.unpack(">I", rest.read(4))
        found = rest.read(size)
        if len(found) != size:
            raise struct.error("cut")
        yield name, found


# ---- in the other process


def _framed(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    yield b"A"
    for name, found in files:
        encoded = name.encode()
        if not 0 < len(encoded) <= _MAX_NAME:
            raise Malformed("report", "an attachment without a name, or a very long one")
        yield struct.pack(">H", len(encoded)) + encoded + struct.pack(">I", len(found)) + found
    yield struct.pack(">H", 0)


def _bound(memory: int, seconds: int) -> None:
    """Lay bounds on this process."""
    import resource  # noqa: PLC0415 - in this process only

    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime) + seconds
    bounds = ((resource.RLIMIT_AS, _addresses() + memory), (resource.RLIMIT_CPU, cpu))
    for what, limit in (*bounds, (resource.RLIMIT_CORE, 0)):  # a core would hold the file
        _, hard = resource.getrlimit(what)
        least = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (least, least))


def _addresses() -> int:
    """Bytes of addresses that this process has; 1 GiB where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as told:
            return int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


def _main() -> int:
    try:
        import pypdf  # noqa: F401, PLC0415 - its own addresses are not the file's

        _bound(*map(int, sys.argv[1:]))
        data = sys.stdin.buffer.read()
        try:
            made = b"".join(_framed(attached(data)))
        except Malformed as error:
            made = b"M" + error.problem.encode()
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    except MemoryError:
        return _NO_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(_main())
