"""Schemas of the suite: what all of them have."""

from typing import Any

KINDS = ["法人及非法人组织", "自然人", "个体工商户"]


def field(code: str, zh: str, en: str, kind: str, **more: Any) -> dict[str, Any]:
    """A field of a schema."""
    return {"code": code, "zh": zh, "en": en, "kind": kind, **more}


def _subject(letter: str) -> list[dict[str, Any]]:
    """The fields that say whom a record is about."""
    return [
        field(f"{letter}_NAME", "名称", "name", "text", max=60, required=True),
        field(f"{letter}_KIND", "类别", "kind", "choice", max=20, vocabulary=KINDS),
        field(f"{letter}_CODE", "代码", "code", "uscc", required=True),
        field(f"{letter}_REG", "注册号", "registration", "text", max=30),
    ]


def schema(name: str, letter: str, fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A schema of the suite."""
    values = {
        "_type": "credit-ledger/schema@1",
        "name": name,
        "version": 1,
        "family": name,
        "title": {"zh": "测试用类型", "en": f"type of the conformance suite: {name}"},
        "category": {"zh": "测试", "en": "test"},
        "adverse": False,
        "period": "month",
        "decided": f"{letter}_DAY",
        "visibility": "public",
        "document": f"{letter}_DOC",
        "authority": {"name": f"{letter}_AUTH"},
        "subject": {
            "name": f"{letter}_NAME",
            "code": f"{letter}_CODE",
            "registration": f"{letter}_REG",
            "kind": f"{letter}_KIND",
        },
        "until": {"rule": "open"},
        "fields": [
            *_subject(letter),
            field(f"{letter}_DOC", "文号", "document", "text", max=40, required=True),
            *fields,
            field(f"{letter}_AUTH", "机关", "authority", "text", max=60, required=True),
        ],
    }
    return {**values, **more}
