"""What a doctor says of the lease."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Pair = tuple[str, str]  # zh, en

OF_LEASE: Final[Mapping[str, tuple[_Pair, _Pair, _Pair]]] = {
    "lease": (
        ("租约可用，持有者：{holder}", "The lease can be kept; its holder: {holder}"),
        (
            "租约无法保存，节点不能整合与存证：{error}",
            "The lease cannot be kept, so no gateway integrates or anchors: {error}",
        ),
        (
            "让运行节点的用户能写入数据库所在目录及其中的 -lease、-lease-lock 文件；"
            "这两个文件可以删除，节点会重新建立",
            "Let the user of the gateway write in the folder of the database, and the files there"
            " that end in -lease and -lease-lock; these two may be removed, they are made anew",
        ),
    ),
    "lease-without-lock": (
        ("", ""),
        (
            "数据库所在的文件系统不支持 flock：节点被终止后，另一个要数秒才能接替",
            "The file system of the database does not know `flock`: a gateway that is killed is"
            " replaced by another after some seconds only",
        ),
        (
            "把数据库放在本机磁盘上，或改用 PostgreSQL",
            "Keep the database on a disk of this machine, or take PostgreSQL",
        ),
    ),
}
