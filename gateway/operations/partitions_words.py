"""Why an order about the parts of a database is not carried out, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text

WORDS: Final[Mapping[str, Text]] = {
    "not-postgresql": {
        "zh": "SQLite 数据库不分区，内容随数据库一并保存；分区须用 PostgreSQL",
        "en": "a SQLite database has no parts and keeps all content; parts need PostgreSQL",
    },
    "month-unknown": {
        "zh": "没有 {month} 的分区；用 gateway partitions list 查看",
        "en": "there is no part for {month}; see `gateway partitions list`",
    },
    "month-runs": {
        "zh": "{month} 尚未结束",
        "en": "{month} is not over yet",
    },
    "retention-unset": {
        "zh": "未规定保存期限：先按档案规定在设置中填写 [retention] content_months",
        "en": "no retention is set: first set `content_months` in `[retention]`, as archive rules"
        " demand",
    },
    "too-young": {
        "zh": "{month} 的内容须在线保存至 {until}（[retention] content_months）",
        "en": "the content of {month} is kept at hand until {until} (`[retention]` content_months)",
    },
    "not-anchored": {
        "zh": "{month} 中还有未最终存证的记录；先运行 gateway doctor",
        "en": "records of {month} are not finally anchored yet; run `gateway doctor` first",
    },
    "not-archived": {
        "zh": "{month} 的内容不在档案中",
        "en": "the content of {month} is not in the archive",
    },
    "content-away": {
        "zh": "数据库中没有表 {table}：先用 pg_restore 从档案装回此表",
        "en": "there is no table {table} in the database: bring it back from the archive with"
        " `pg_restore` first",
    },
    "not-its-content": {
        "zh": "表 {table} 不是该月份的内容，未作改动",
        "en": "the table {table} is not the content of that month; nothing was changed",
    },
    "in-use": {
        "zh": "其他会话一直占用这些表（例如正在备份），稍后再试；未作改动",
        "en": "others keep using the tables, a backup for instance; try again later, nothing was"
        " changed",
    },
}
"""By the code of `gateway.operations.partitions.Declined`."""
