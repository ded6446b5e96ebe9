"""What a proposal would do, in words: whoever votes must know what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.chain.governing.actions import Action, decode_action
from ledger.cli.language import pick
from ledger.cli.output import harmless
from ledger.cli.value_words import every_value, moment, purpose, roles, safe
from ledger.core.canonical import hex0x, hex32
from ledger.core.errors import Malformed
from ledger.core.ids import key_id
from ledger.core.texts import Text

Values = Mapping[str, Any]


def words(action: Action) -> str:
    """A sentence in the language of whoever reads, then every value on a line of its own: whoever
    votes or signs sees all that the action says."""
    return "\n".join([sentence(action), *(f"  {line}" for line in details(action))])


def sentence(action: Action) -> str:
    """What it would do, in brief and on one line, in the language of whoever reads."""
    return pick(told(action))


def told(action: Action) -> Text:
    """The same in both languages."""
    try:
        found = decode_action(action.kind, action.data)
    except Malformed as error:
        return _say(
            zh=f"数据无法解读，不可能执行：{harmless(str(error))}",
            en=f"unreadable, nothing carries it out: {harmless(str(error))}",
        )
    if found is None:
        return _say(
            zh=f"未知种类 {action.kind}，请先升级本软件再表决",
            en=f"of a kind ({action.kind}) unknown to this program: update it before you vote",
        )
    return _WORDS[found.name](safe(found.values))


def details(action: Action) -> list[str]:
    """Kind, every value and the hash of the data; the data itself where it cannot be read."""
    try:
        found = decode_action(action.kind, action.data)
    except Malformed:
        found = None
    if found is None:
        lines = [f"kind: {action.kind}", f"data: {hex0x(action.data)}"]
    else:
        lines = [f"kind: {action.kind} ({found.name})", *every_value(found.values)]
    return [*lines, f"dataHash: {hex0x(action.data_hash)}"]


def plain(value: Any) -> Any:
    """A value of an action as JSON has it."""
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _say(*, zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


def key_words(value: Values) -> str:
    """Purpose and id of a key."""
    return f"{purpose(value['purpose'])} {hex32(key_id(value['alg'], value['publicKey']))}"


def _admit(v: Values) -> Text:
    who, keys = v["founder"], "; ".join(key_words(key) for key in v["keys"])
    region, endpoint = who["region"] or "-", who["endpoint"] or "-"
    return _say(
        zh=f"接纳成员 {who['code']}：角色 {roles(who['roles'])}，地区 {region}，地址 {endpoint}；"
        f"为其开设日志；密钥 {keys}",
        en=f"admit the member {who['code']} as {roles(who['roles'])}, region {region}, reached at "
        f"{endpoint}; opens its log; keys: {keys}",
    )


def _recover(v: Values) -> Text:
    key = v["key"]
    return _say(
        zh=f"为 {key['member']} 恢复密钥 {key_words(key)}；最早于执行七天后生效，其间该成员的任一"
        "有效 GOVERN 密钥可否决（keys revoke）",
        en=f"recover {key['member']} with the key {key_words(key)}; it begins seven days after "
        "this is carried out at the earliest; until then any live GOVERN key of the member vetoes "
        "it (keys revoke)",
    )


def _put_national(v: Values) -> Text:
    items = ", ".join(f"{item['itemId']}@{item['version']}" for item in v["items"])
    return _say(zh=f"写入全国目录：{items}", en=f"put into the national catalogue: {items}")


def _act(v: Values) -> Text:
    count, registry = len(v["acts"]), v["registry"]
    return _say(
        zh=f"经 {registry} 对 {count} 条记录作出决定",
        en=f"decide on {count} records through {registry}",
    )


_WORDS: dict[str, Callable[[Values], Text]] = {
    "suspend": lambda v: _say(
        zh=f"中止成员 {v['member']}：不得写入，但可终止自己的密钥",
        en=f"suspend {v['member']}: it writes nothing but may end its keys",
    ),
    "reinstate": lambda v: _say(zh=f"恢复成员 {v['member']} 的资格", en=f"reinstate {v['member']}"),
    "recover-key": _recover,
    "register-contract": lambda v: _say(
        zh=f"由合约 {v['account']} 接任 {v['role']}",
        en=f"the contract {v['account']} takes over as {v['role']}",
    ),
    "open-successor": lambda v: _say(
        zh=f"日志 {hex32(v['logId'])} 止于第 {v['trustedSize']} 条，另开后继日志",
        en=f"close the log {hex32(v['logId'])} at size {v['trustedSize']} and open its successor",
    ),
    "compromise-key": lambda v: _say(
        zh=f"认定 {v['member']} 的密钥 {hex32(v['keyId'])} 自 {moment(v['since'])} 起失窃",
        en=f"hold the key {hex32(v['keyId'])} of {v['member']} to be stolen from "
        f"{moment(v['since'])} on",
    ),
    "put-national": _put_national,
    "set-chair": lambda v: _say(zh=f"由 {v['member']} 任轮值", en=f"{v['member']} takes the chair"),
    "act": _act,
    "admit": _admit,
    "retire": lambda v: _say(
        zh=f"成员 {v['member']} 退出，不可撤回；其日志按现有长度关闭",
        en=f"retire {v['member']} for good; its logs are closed at their present size",
    ),
    "set-roles": lambda v: _say(
        zh=f"成员 {v['member']} 的角色改为 {roles(v['roles'])}",
        en=f"the roles of {v['member']} become {roles(v['roles'])}",
    ),
    "set-threshold": lambda v: _say(
        zh=f"表决门槛改为 {v['threshold']} 票", en=f"{v['threshold']} yes votes pass a proposal"
    ),
    "open-log": lambda v: _say(
        zh=f"为 {v['member']} 再开一个日志", en=f"open a further log for {v['member']}"
    ),
    "compromise-all": lambda v: _say(
        zh=f"认定 {v['member']} 的全部 {purpose(v['purpose'])} 密钥自 {moment(v['since'])} 起失窃",
        en=f"hold all {purpose(v['purpose'])} keys of {v['member']} to be stolen from "
        f"{moment(v['since'])} on",
    ),
}
