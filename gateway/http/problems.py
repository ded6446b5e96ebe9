"""Errors as RFC 9457 problem details with a stable `code` and text in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.base.errors import NotReady
from gateway.base.policy import NotAllowed
from ledger.core.errors import CouldNotCheck, InputError, LedgerError
from ledger.core.texts import Text

MEDIA_TYPE = "application/problem+json"

TITLES: Mapping[str, tuple[int, Text]] = {
    "token-missing": (401, {"zh": "缺少访问令牌", "en": "A bearer token is needed"}),
    "token-unknown": (
        401,
        {"zh": "访问令牌无效或已吊销", "en": "This token is unknown or revoked"},
    ),
    "scope-missing": (403, {"zh": "令牌没有此项权限", "en": "The token lacks the scope for this"}),
    "authority-not-yours": (
        403,
        {"zh": "令牌不代表该机关", "en": "The token does not file for this authority"},
    ),
    "not-a-province": (
        403,
        {"zh": "本成员不是省级节点，不接收记录", "en": "This member is no province: no records"},
    ),
    "content-closed": (
        403,
        {
            "zh": "该记录已修复、更正、撤回、终止、屏蔽或待删除，内容停止提供；仅认定机关可以查阅",
            "en": "This record was repaired, corrected, withdrawn, ended, shielded or is to be"
            " erased: its content is closed, to all but its determining authority",
        },
    ),
    "not-found": (404, {"zh": "没有此资源", "en": "There is nothing here"}),
    "method-not-allowed": (405, {"zh": "不支持此方法", "en": "This method is not offered here"}),
    "content-erased": (
        410,
        {"zh": "记录内容已依法删除", "en": "The content of this record was erased"},
    ),
    "not-erased": (
        404,
        {
            "zh": "该记录的内容未被删除，或删除尚未完成",
            "en": "The content of this record was not erased, or not to the end yet",
        },
    ),
    "conflict": (
        409,
        {"zh": "同一文号已有内容不同的记录", "en": "Another record holds this document number"},
    ),
    "stranded": (
        409,
        {
            "zh": "该条目位于已关闭日志的末尾之后，其记录尚未重新登记；"
            "除内容已删除或无法再登记者外，重新登记后会有新的叶值",
            "en": "This entry stands beyond the end of a closed log, and its record was not logged"
            " again yet; it will have another leaf, unless its content was erased or can no longer"
            " be logged",
        },
    ),
    "replaced": (
        410,
        {"zh": "其记录已以另一叶值重新登记", "en": "Its record was logged again as another leaf"},
    ),
    "not-the-owner": (403, {"zh": "记录由其他成员管理", "en": "The record is another member's"}),
    "same-person": (
        403,
        {"zh": "提出与放行须由两人办理", "en": "Who proposed a decision can not release it"},
    ),
    "record-unknown": (404, {"zh": "没有此记录", "en": "There is no such record"}),
    "not-anchored": (
        409,
        {"zh": "记录尚未锚定，请待锚定后再办", "en": "The record is not anchored yet; try later"},
    ),
    "minimum-not-reached": (
        409,
        {"zh": "最短公示期未满", "en": "The minimum of publicity has not passed"},
    ),
    "already-so": (
        409,
        {
            "zh": "记录的状态不容此项决定（可能已是如此）",
            "en": "The record's status does not allow this decision; it may be so already",
        },
    ),
    "by-vote-only": (
        409,
        {"zh": "该状态由表决设定，只能经表决变更", "en": "A vote set this; only a vote changes it"},
    ),
    "stale-version": (
        409,
        {"zh": "记录的状态已有变动，请重新查看", "en": "The record's status has moved; look again"},
    ),
    "deadline-unknown": (
        409,
        {"zh": "期限无法计算", "en": "The day on which this is possible is not known"},
    ),
    "correction-unfit": (
        409,
        {
            "zh": "所指记录不能代替被更正的记录",
            "en": "The record that is named cannot stand for the one that is corrected",
        },
    ),
    "case-closed": (409, {"zh": "案件已办结", "en": "The case is closed"}),
    "case-moved": (409, {"zh": "案件有新的步骤", "en": "The case has another step"}),
    "cannot-follow": (
        409,
        {"zh": "案件当前状态下不能办理此步骤", "en": "This step cannot follow as the case stands"},
    ),
    "not-a-party": (
        403,
        {"zh": "该步骤不由此成员办理", "en": "This step is not this member's to make"},
    ),
    "nothing-proposed": (
        409,
        {"zh": "没有待放行的决定", "en": "There is no decision to be released"},
    ),
    "not-looked-up": (
        409,
        {
            "zh": "文件的各行仍在查找（或等待锚定），请查看结果后再放行",
            "en": "Rows of the file are still being looked up, or wait for their anchor; look at"
            " what was found, then release it",
        },
    ),
    "nothing-to-sign": (409, {"zh": "没有待签名的事项", "en": "There is nothing to be signed"}),
    "decision-signature-invalid": (
        422,
        {
            "zh": "签名无效，或不是本成员有效的决定密钥所签",
            "en": "The signature is wrong, or not by a valid DECIDE key of this member",
        },
    ),
    "class-required": (422, {"zh": "须写明失信程度", "en": "The class must be stated"}),
    "class-milder": (
        409,
        {
            "zh": "失信程度不得低于记录所载",
            "en": "A repair states no milder class than its record",
        },
    ),
    "document-required": (422, {"zh": "须附书面材料", "en": "A document is needed"}),
    "document-type": (422, {"zh": "材料须为 PDF 或 JPG", "en": "Documents are PDF or JPG"}),
    "document-executable": (422, {"zh": "不接收程序文件", "en": "Programs are not taken"}),
    "document-name": (422, {"zh": "材料文件名不合格", "en": "A document's name is not right"}),
    "document-too-large": (413, {"zh": "材料过大", "en": "A document is too large"}),
    "too-many-documents": (413, {"zh": "材料过多", "en": "There are too many documents"}),
    "too-slow": (408, {"zh": "等待正文超时", "en": "The body did not arrive in time"}),
    "too-large": (413, {"zh": "请求过大", "en": "The request is too large"}),
    "target-too-long": (414, {"zh": "请求地址过长", "en": "The address is too long"}),
    "header-too-large": (431, {"zh": "请求头过大", "en": "The request header is too large"}),
    "wrong-content-type": (415, {"zh": "不支持此内容类型", "en": "This content type is not taken"}),
    "encoding": (422, {"zh": "正文不是 UTF-8", "en": "The body is not UTF-8"}),
    "schema-invalid": (
        422,
        {"zh": "正文不符合格式", "en": "The body does not have the right form"},
    ),
    "field-unknown": (
        422,
        {"zh": "该类记录没有此字段，或此记录未填写", "en": "Records of this type lack this field"},
    ),
    "rejected": (422, {"zh": "记录未通过校验", "en": "The record was rejected"}),
    "too-many-requests": (
        429,
        {"zh": "请求过多，请稍后再试", "en": "Too many requests, try later"},
    ),
    "signature-missing": (
        401,
        {"zh": "请求须按 RFC 9421 签名", "en": "A request must be signed (RFC 9421)"},
    ),
    "signature-several": (
        401,
        {"zh": "请求只能有一个签名", "en": "A request has exactly one signature"},
    ),
    "signature-form": (
        401,
        {
            "zh": "签名的标签、组成或参数不符合规定（design-2 13）",
            "en": "Label, components or parameters of the signature are not those of design-2 13",
        },
    ),
    "signature-early": (
        401,
        {
            "zh": "签名时间在未来，请校准时钟",
            "en": "The signature was made in the future; set your clock",
        },
    ),
    "signature-lifetime": (
        401,
        {
            "zh": "签名有效期不得超过 60 秒",
            "en": "A signature may be valid for 60 seconds at most",
        },
    ),
    "signature-expired": (
        401,
        {"zh": "签名已过期，请重新签名", "en": "The signature has expired; sign anew"},
    ),
    "signature-invalid": (401, {"zh": "签名不成立", "en": "The signature does not hold"}),
    "signature-replayed": (
        401,
        {
            "zh": "该请求已处理过，请以新的随机数重新签名",
            "en": "This request was taken before; sign anew with another nonce",
        },
    ),
    "digest-differs": (
        401,
        {"zh": "正文与 Content-Digest 不符", "en": "The body is not that of Content-Digest"},
    ),
    "request-key-unknown": (
        401,
        {
            "zh": "签名密钥不是任何成员的 REQUEST 密钥",
            "en": "No member has registered this REQUEST key",
        },
    ),
    "request-key-not-valid": (
        401,
        {
            "zh": "REQUEST 密钥已吊销、失窃或不在有效期内",
            "en": "This REQUEST key was revoked or stolen, or is not valid now",
        },
    ),
    "member-not-active": (
        401,
        {"zh": "该成员已被暂停或退出", "en": "The member is suspended or retired"},
    ),
    "other-member": (
        401,
        {
            "zh": "请求不是发给本成员的（Credit-Ledger-To）",
            "en": "This request is for another member (Credit-Ledger-To)",
        },
    ),
    "centre-only": (
        403,
        {
            "zh": "仅限中心（不带机关、不带部门的令牌）",
            "en": "For the centre alone (a token without authorities or department)",
        },
    ),
    "not-another-province": (
        422,
        {
            "zh": "只能交给另一个在册的省级成员",
            "en": "It is handed to another province that is active, and to nobody else",
        },
    ),
    "list-unknown": (
        404,
        {
            "zh": "没有此名单（GET /v1/lists 列出全部名单）",
            "en": "There is no such list (GET /v1/lists tells which there are)",
        },
    ),
    "list-too-large": (
        422,
        {
            "zh": "名单条目过多，一个文件放不下",
            "en": "The list has more entries than one file holds",
        },
    ),
    "day-to-come": (422, {"zh": "该日尚未到来", "en": "That day has not come yet"}),
    "not-granted": (403, {"zh": "不予提供", "en": "Not granted"}),
    "authorisation-unknown": (
        403,
        {"zh": "本成员不知道该授权", "en": "This authorisation is not known here"},
    ),
    "authorisation-expired": (
        403,
        {
            "zh": "授权不在有效期内（早于 from 或晚于 until）",
            "en": "The authorisation does not count on this day (before `from`, or after `until`)",
        },
    ),
    "authorisation-revoked": (
        403,
        {"zh": "授权已被撤回", "en": "The authorisation was taken back"},
    ),
    "type-out-of-scope": (
        403,
        {
            "zh": "所查类别不在授权或该用途的范围之内",
            "en": "A family asked for lies outside of the authorisation, or of the purpose",
        },
    ),
    "too-many-records": (
        422,
        {
            "zh": "该主体的记录超过一次答复的上限，请按类别分次查询",
            "en": "The subject has more records than one answer states; ask family by family",
        },
    ),
    "authorisation-missing": (
        403,
        {
            "zh": "查询此类记录须有信用主体的授权；请以 authorisation 指明",
            "en": "Records of these families are given on authorisation only; name yours as"
            " `authorisation`",
        },
    ),
    "authorisation-other-purpose": (
        403,
        {"zh": "授权的用途与所问不同", "en": "The authorisation is for another purpose"},
    ),
    "authorisation-other-subject": (
        403,
        {"zh": "授权的主体与所问不同", "en": "The authorisation is about another subject"},
    ),
    "not-the-grantee": (
        403,
        {
            "zh": "该授权不是给本成员的",
            "en": "This authorisation was made for another member",
        },
    ),
    "not-the-custodian": (
        403,
        {"zh": "该授权由其他成员保管", "en": "Another member keeps this authorisation"},
    ),
    "not-a-custodian": (
        403,
        {
            "zh": "只有省级成员或征信机构可以保管授权",
            "en": "Only a province or a bureau keeps authorisations",
        },
    ),
    "subject-invalid": (
        422,
        {"zh": "主体的统一社会信用代码有误", "en": "The USCC of the subject is wrong"},
    ),
    "grantee-unknown": (
        422,
        {"zh": "没有此成员，或其已停用", "en": "There is no such active member"},
    ),
    "grantee-unfit": (
        422,
        {"zh": "不能授权给保管者自己", "en": "The custodian can not be the grantee"},
    ),
    "type-unknown": (
        422,
        {"zh": "没有此类记录", "en": "There is no such type of record"},
    ),
    "region-unknown": (
        422,
        {"zh": "没有该地区的省级成员", "en": "No active province has this region"},
    ),
    "purpose-unknown": (
        422,
        {"zh": "没有此用途", "en": "There is no such purpose"},
    ),
    "purpose-needs-none": (
        422,
        {"zh": "此用途无须主体授权", "en": "This purpose needs no consent of the subject"},
    ),
    "term-invalid": (
        422,
        {"zh": "授权期限的终止早于起始", "en": "The term ends before it begins"},
    ),
    "term-past": (422, {"zh": "授权期限已过", "en": "The term is over already"}),
    "term-too-long": (
        422,
        {"zh": "授权期限过长", "en": "The term is longer than an authorisation may last"},
    ),
    "idempotency-key-invalid": (
        422,
        {"zh": "Idempotency-Key 不合格", "en": "The Idempotency-Key is not right"},
    ),
    "idempotency-differs": (
        409,
        {
            "zh": "该 Idempotency-Key 已用于内容不同的请求",
            "en": "Something else was asked for under this Idempotency-Key",
        },
    ),
    "not-the-issuer": (
        403,
        {
            "zh": "成员只能递交自己的陈述",
            "en": "A member hands over its own statements only",
        },
    ),
    "opening-false": (
        422,
        {
            "zh": "开示文件不成立：陈述、条目或承诺互不一致",
            "en": "The opening does not hold: statement, entry or promise disagree",
        },
    ),
    "subjects-not-asked": (
        409,
        {
            "zh": "本节点不向其他成员查询主体，不能关注",
            "en": "This node asks nobody about subjects, so none can be followed",
        },
    ),
    "too-many-subjects": (
        409,
        {
            "zh": "关注的主体过多，请先取消一些，或请运维调高 webhooks.subjects_a_night",
            "en": "Too many subjects are followed: give some up, or have the operator raise"
            " `webhooks.subjects_a_night`",
        },
    ),
    "webhook-target": (
        422,
        {
            "zh": "不向该地址发送：须为 https，主机名可解析，且为公网地址或运维列明的网段"
            "（webhooks.private_networks）",
            "en": "Nothing is sent there: the URL must be https, its name known, and its addresses"
            " public or of a network that the operator named (`webhooks.private_networks`)",
        },
    ),
    "webhook-lost": (
        410,
        {
            "zh": "其密钥已无法打开，请移除后重新添加",
            "en": "Its secret opens no more: remove it and add it anew",
        },
    ),
    "too-many-webhooks": (
        409,
        {
            "zh": "接收地址过多，请先移除一些",
            "en": "There are too many endpoints; remove some first",
        },
    ),
    "too-many-followed": (
        409,
        {
            "zh": "一个接收地址关注的记录过多，请另加一个",
            "en": "One endpoint names too many records; add another one",
        },
    ),
    "product-taken": (
        409,
        {
            "zh": "此编号已登记为另一种类或方法的产品",
            "en": "This id is registered with another kind or method",
        },
    ),
    "product-retired": (
        409,
        {"zh": "产品已停用", "en": "The product is retired and has no more versions"},
    ),
    "product-key-missing": (
        409,
        {
            "zh": "本节点没有 PRODUCT 密钥，不能发布产品",
            "en": "This node holds no PRODUCT key, with which products are signed",
        },
    ),
    "user-unknown": (
        422,
        {"zh": "链上没有此成员", "en": "The chain knows no member of that code"},
    ),
    "not-an-input": (
        404,
        {"zh": "该记录不是此版本的输入", "en": "The record did not go into this version"},
    ),
    "manifest-missing": (
        409,
        {
            "zh": "本节点没有此版本的清单；请向发布者索取后收下（product take）",
            "en": "The manifest of this version is not here: ask its maker for it, and take it"
            " (`product take`)",
        },
    ),
    "manifest-malformed": (
        422,
        {"zh": "不是清单文件，或被改动过", "en": "This is no manifest, or it was changed"},
    ),
    "manifest-false": (
        422,
        {
            "zh": "清单与链上登记的版本不符",
            "en": "The manifest is not that of the version on the chain",
        },
    ),
    "not-an-institution": (
        409,
        {
            "zh": "本成员不是金融机构，不报送成效",
            "en": "This member is no institution, and only these report outcomes",
        },
    ),
    "outcomes-file": (422, {"zh": "不是可读取的 CSV 文件", "en": "This is no readable CSV file"}),
    "outcomes-header": (422, {"zh": "表头缺少列", "en": "The header lacks columns"}),
    "outcomes-too-many": (
        422,
        {
            "zh": "一个文件不得超过 5000 行，请分成几个文件",
            "en": "A file has at most 5,000 rows; send it as several",
        },
    ),
    "internal": (500, {"zh": "服务内部错误", "en": "An error inside the service"}),
    "not-ready": (503, {"zh": "服务尚未就绪，请稍后再试", "en": "Not ready yet, try later"}),
}
"""Every code a problem may carry, with its status and title. Codes are append-only."""


class Problem(LedgerError):
    """An answer that is an error.

    code: a key of `TITLES`. detail: what is wrong here and what to do. headers: for example
    Retry-After. extra: members beside those of RFC 9457.
    """

    def __init__(
        self,
        code: str,
        detail: Text | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title = TITLES[code]
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def as_dict(self) -> dict[str, Any]:
        """The problem object; `title` and `detail` are English, `text` has both languages."""
        detail = self.detail or self.title
        return {
            "type": "about:blank",
            "title": self.title["en"],
            "status": self.status,
            "detail": detail["en"],
            "code": self.code,
            "text": dict(detail),
        } | self.extra

    def response(self) -> Response:
        return Response(
            orjson.dumps(self.as_dict()),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def unauthorized(code: str) -> Problem:
    """401 with the challenge that RFC 9110 asks for."""
    return Problem(code, headers={"WWW-Authenticate": 'Bearer realm="credit-ledger"'})


def retry_later(code: str, seconds: int, detail: Text | None = None, **extra: Any) -> Problem:
    """429 or 503 with Retry-After in whole seconds."""
    return Problem(code, detail, headers={"Retry-After": str(max(1, seconds))}, extra=extra)


_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "wrong-content-type",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
}
RETRY_SECONDS = 5


def problem_of(error: Exception) -> Problem:
    """What is answered where this error ends a request: the one table from errors to answers."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError):
        error = NotReady("database-unavailable", retry_after=RETRY_SECONDS)
    match error:
        case Problem():
            found = error
        case NotAllowed():
            found = Problem(error.code, extra={"scope": error.scope} if error.scope else {})
        case NotReady():
            found = retry_later("not-ready", error.retry_after, error.message, reason=error.code)
        case CouldNotCheck():
            found = retry_later("not-ready", RETRY_SECONDS)
        case InputError():
            extra = {"field": error.field, "rule": error.code}
            found = Problem("schema-invalid", error.message, extra=extra)
        case HTTPException():
            found = _of_http(error)
        case _:
            found = Problem("internal")
    return found


def _of_http(error: HTTPException) -> Problem:
    """Errors of the framework; it wraps ours where they came up while it read a body."""
    if isinstance(error.__cause__, LedgerError):
        return problem_of(error.__cause__)
    code = _OF_STATUS.get(HTTPStatus(error.status_code))
    if code is None:
        code = (
            "schema-invalid" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
        )
    return Problem(code, headers=error.headers)
