"""What a doctor says of the parts of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Pair = tuple[str, str]  # zh, en

OF_PARTITIONS: Final[Mapping[str, tuple[_Pair, _Pair, _Pair]]] = {
    "partitions-ahead": (
        ("分区已备至 {until}", "The large tables have parts up to {until}"),
        (
            "下个月没有分区（已备至 {until}）：届时的记录仍归入本月的分区",
            "The month to come has no part (there are parts up to {until}): its records would go"
            " into the parts of this one",
        ),
        (
            "启动节点即会建立；或运行 gateway partitions make",
            "Start the gateway, which makes it, or run `gateway partitions make`",
        ),
    ),
    "partitions-default": (
        ("缺省分区中没有记录", "No records lie in the default parts"),
        (
            "缺省分区中有记录（{tables}）：仍可正常查询，但不能按月移出",
            "Records lie in the default parts of {tables}: they are found, but in no month",
        ),
        ("运行 gateway partitions make", "Run `gateway partitions make`"),
    ),
    "partitions-over": (
        ("没有超过保存期限的内容", "No content is kept for longer than it is to be"),
        (
            "{months} 的内容已超过保存期限（{kept} 个月）",
            "The content of {months} is kept for longer than {kept} months",
        ),
        (
            "运行 gateway partitions detach，存档后运行 partitions drop；或延长 [retention]"
            " content_months",
            "Run `gateway partitions detach`, archive what is detached, then `partitions drop`; or"
            " raise `content_months` in `[retention]`",
        ),
    ),
    "partitions-needed": (
        ("档案中没有仍需要的内容", "Nothing in the archive is needed here"),
        (
            "{months} 的内容在档案中，却仍需要：或未满保存期限，"
            "或有 {count} 条记录正在办理、在有效的名单上",
            "The content of {months} is in the archive and is needed: its time is not over, or"
            " records of it ({count}) have open cases or stand on lists",
        ),
        (
            "运行 gateway partitions attach 放回",
            "Put it back with `gateway partitions attach`",
        ),
    ),
}
"""As `gateway.operations.findings.TEXTS`."""
