"""Why a report of an audit may be incomplete: codes (append-only) and texts for people."""

from ledger.core.texts import Text

__all__ = ["EVENTS_MISSING", "INCOMPLETE", "STATUS_DIFFERS", "TILES_MISSING"]

TILES_MISSING = "tiles-missing"
EVENTS_MISSING = "events-missing"
STATUS_DIFFERS = "status-differs"

# Why a report is incomplete: what could not be looked at, which is nobody's fault yet.
INCOMPLETE: dict[str, Text] = {
    EVENTS_MISSING: {
        "zh": "链上状态与事件不一致：节点漏报了事件，所列内容不完整。",
        "en": "The state of the chain is not what its events give: a node left out events, "
        "and what is listed is not all.",
    },
    STATUS_DIFFERS: {
        "zh": "合约不是随软件发布的代码，其状态与事件不一致：无法判断何者为真。",
        "en": "A contract is not what ships with this software, and its state is not what its "
        "events give: nobody can tell which is right.",
    },
    "transaction-missing": {
        "zh": "节点未给出交易，签名无法重新核对。",
        "en": "A node does not give a transaction, so its signature was not checked again.",
    },
    TILES_MISSING: {
        "zh": "成员的服务器不提供日志的这一部分。",
        "en": "The server of a member does not serve this part of its log.",
    },
    "list-unchecked": {
        "zh": "名单或其中的回执暂时无法核验，或格式比本软件新。",
        "en": "A list of a day, or a receipt in it, could not be checked for now, or is of a "
        "format newer than this software.",
    },
    "tiles-unreachable": {
        "zh": "暂时无法读取成员的日志。",
        "en": "The log of a member could not be reached for now.",
    },
    "log-too-slow": {
        "zh": "成员的服务器过慢，已停止等待，其后的日志未核对。",
        "en": "The server of a member was too slow and was not waited for any longer: the rest of "
        "its log was not looked at.",
    },
    "log-too-large": {
        "zh": "存证的条目数超过本软件所读的上限，该日志未核对。",
        "en": "More entries are anchored than this software reads of one log: it was not looked "
        "at.",
    },
    "log-unreadable": {
        "zh": "成员的日志自此处起无法解读，其后的内容未核对。",
        "en": "The log of a member cannot be read from here on: the rest of it was not looked at.",
    },
    "entry-not-served": {
        "zh": "存证过的条目无人提供（出示的是另一条），其内容未核对。",
        "en": "Nobody serves what was anchored at this place (another entry is shown): it was not "
        "looked at.",
    },
    "checkpoint-version-unknown": {
        "zh": "公开的检查点带有本软件不认识的签名类型：请更新软件后重新审计。",
        "en": "The public checkpoint has a signature of a type that this software does not know: "
        "update it and replay again.",
    },
    "entry-version-unknown": {
        "zh": "条目的版本或算法是本软件不认识的：请更新软件后重新审计。",
        "en": "An entry is of a version or suite that this software does not know: update it and "
        "replay again.",
    },
    "opening-version-unknown": {
        "zh": "开启件的版本是本软件不认识的：请更新软件后重新审计。",
        "en": "An opening is of a version that this software does not know: update it and replay "
        "again.",
    },
    "paper-version-unknown": {
        "zh": "交来的答复、证据包、清单或汇总的版本是本软件不认识的：请更新软件后重新审计。",
        "en": "An answer, bundle, manifest or table of sums is of a version that this software "
        "does not know: update it and replay again.",
    },
    "draw-unchecked": {
        "zh": "抽中的记录暂时无法核对：其成员没有应答，或回执、答复暂时无法核验。",
        "en": "A record that was drawn could not be checked for now: its member did not answer, or "
        "a receipt or answer could not be judged.",
    },
    "case-too-long": {
        "zh": "同一记录的案件步骤过多，只核对了最早的一部分。",
        "en": "There are too many steps about one record: only the first were looked at.",
    },
}
