"""The schema files: bytes, hashes, slots, and what every one of them must have."""

import hashlib
from contextlib import suppress
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records import schema as schemas
from ledger.records.keys import keys, record_key
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.records.examples import TODAY, good

# A published schema never changes. A test that fails here is answered with a new version.
HASHES = """
abnormal-list-exit@1 72b98d4a320a87f3f54e46c92154b33579521bfad8e4483d780d6adffb9bc261
abnormal-list@1 a5c36b6111dfac20e04105f6012092c1e5cdff9548bd27c068570595b0ef6b40
administrative-adjudication@1 d0b6015fd35644f46512332d948f624cdf8629b41afe4056e4ea6f5caadd2f2d
administrative-coercion@1 c8dee6290b07cf1c8f871b6a77ad8cc4f024b27ac788c36e201928e0c44de1b1
administrative-confirmation@1 9815329ec31eaf1945219ecdd4babadaba6077bd41e686a300071bf5396da991
administrative-inspection@1 cc82831fa68230b915fe5a0ea1b26bec951ce7f643db26cfb4893f3557084307
administrative-reward@1 959f57b02b792c3830dfb2b4be504d0a2f3d96f4a6f6b1f7c7a8015a8c06b87a
commitment-fulfilment@1 1b99a59df0d23b6bb283c8b5bf19d73196af9c2b244e0d0afe887f9c61fb11b8
commitment@1 0266305b5b6b8f7c26e7325d1b4496255264c19ca2399fd393859cf16770da29
compliance@1 9b340b1edd0d448c3d2d3bd13b05efb7b4c848ad622c8242e85235d12e9c01b1
contract-performance@1 427855bf708cef4dbd678b2da6253db84460f81a8605cf2b89fcf9017b6d684f
credit-evaluation@1 ff7b7ccb8d931b594f341d3add670cc85b47f2057b8df0f70af243c377afd00d
honour@1 51ebfc7b25c5981f8fd0f0e22b7a40db43ff6436a627a52da28664f498a05254
incentive-list-entry@1 3f2243f1a50bbe6841ad6926d0b12e9f3a0ea70a4b9f6d57da602159ec5bfa64
incentive-list-exit@1 c021f8c066f36724557fd9812c2cfbff277553c1a5cc6d4883dd9534c4a32bf9
intellectual-property@1 c1a4561b464a3b64835c16f9cd483fbffc311b32021ff3aa6c92be2d48d2c78e
judicial-decision@1 5585de3e73e2363eabd2708612f1ca04a864fc2e95b4110f1da808fe1062a306
judicial-enforcement@1 d17ea6e26d411850600f11b13dc5ce31e2094ab7cd0fa2c6837005f3fc45831d
licence@1 8a16cfef7910717d3b0ea8d4d964a86ce681415e99022b3f942af499e12fc37d
penalty-2015@1 efb556378e408d4a3f16b81fde24d269c34d5f30a3e1ce6bce7ee3415de3da7b
penalty@1 687f8cc6517021709df0b9cd9234901e5e284c08eccd2020416d9b88d541c018
professional-title@1 6cb418a1e42b0f7b65389039206e583710e29191a97a8b9dfb309a7a4971b867
registration@1 c611d26bb4d6d0a3cfa9d64f673bbc8b18c817742bcd8e5395007a03d06d8670
severe-list-entry@1 e2c16bf615d6ed2daa98281b177c32685f6494140d0c0c198fd3707c69fb7477
severe-list-exit@1 926de7472c956727c984dec3fde98b0be28dfdda4b4dbed74fe567e97411e312
voluntary@1 a9143228d5df6c1239b04c9c723e35b9c8ec0d3e5decdd9cf7df2d02172bb04a
"""

# Design 4; the shared vectors end with BZ, they fix bytes and not slots.
PENALTY_SLOTS = """
    CF_XDR_MC CF_XDR_LB CF_XDR_SHXYM CF_XDR_GSZC CF_XDR_ZZJG CF_XDR_SWDJ CF_XDR_SYDW CF_XDR_SHZZ
    CF_FRDB CF_WSH CF_WFXW CF_SY CF_YJ CF_CFLB CF_NR CF_NR_FK CF_NR_WFFF CF_NR_ZKDX CF_JDRQ CF_YXQ
    CF_GSJZQ CF_CFJG CF_CFJGDM CF_SJLY CF_SJLYDM BZ CL_SIMPLE CL_PUBLISH CL_ORIGIN
""".split()
LICENCE_SLOTS = """
    XK_XDR_MC XK_XDR_LB XK_XDR_SHXYM XK_XDR_GSZC XK_XDR_ZZJG XK_XDR_SWDJ XK_XDR_SYDW XK_XDR_SHZZ
    XK_FRDB XK_XKWS XK_WSH XK_XKLB XK_XKZS XK_XKBH XK_NR XK_JDRQ XK_YXQZ XK_YXQZI XK_XKJG XK_XKJGDM
    XK_ZT XK_LYDW XK_LYDWDM BZ CL_ORIGIN
""".split()
OLD_COLUMNS = """
    CF_WSH CF_CFMC CF_CFLB1 CF_CFLB2 CF_SY CF_YJ CF_XDR_MC CF_XDR_SHXYM CF_XDR_ZDM CF_XDR_GSDJ
    CF_XDR_SWDJ CF_XDR_SFZ CF_FR CF_JG CF_JDRQ CF_XZJG CF_ZT DFBM SJC BZ CL_ORIGIN
""".split()

# 国家公共信用信息基础目录 2024.
CATEGORIES = {
    "登记注册基本信息",
    "司法裁判及执行信息",
    "行政管理信息",
    "职称和职业信息",
    "经营(活动)异常名录(状态)信息",
    "严重失信主体名单信息",
    "合同履行信息",
    "信用承诺及履行情况信息",
    "信用评价结果信息",
    "遵守法律法规情况信息",
    "诚实守信相关荣誉信息",
    "知识产权信息",
    "经营主体自愿提供的信用信息",
}

ALL = schemas.all_schemas()
each = pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.id)


def test_hashes_are_pinned() -> None:
    assert [f"{schema.id} {schema.sha256}" for schema in ALL] == HASHES.split("\n")[1:-1]


def test_files_are_canonical_and_hash_to_what_we_say() -> None:
    folder = resources.files("ledger.records").joinpath("schemas")
    for schema in ALL:
        data = folder.joinpath(f"{schema.id}.json").read_bytes()
        assert canonical.encode(canonical.parse(data)) == data
        assert hashlib.sha256(data).hexdigest() == schema.sha256
        assert schemas.by_hash(schema.sha256) is schema
        assert schemas.load(schema.name, schema.version) is schema


def test_unknown_schemas() -> None:
    assert schemas.find("penalty", 2) is None
    assert schemas.find("no-such-type") is None
    assert schemas.by_hash("00" * 32) is None
    with pytest.raises(KeyError):
        schemas.load("penalty", 2)


def test_the_categories_are_those_of_the_catalogue() -> None:
    assert {schema.category["zh"] for schema in ALL} == CATEGORIES


def test_slots_are_those_of_the_design() -> None:
    assert list(schemas.load("penalty").slots) == PENALTY_SLOTS
    assert list(schemas.load("licence").slots) == LICENCE_SLOTS


def test_the_2015_template_has_its_twenty_columns() -> None:
    old = schemas.load("penalty-2015")
    assert [field.code for field in old.fields] == OLD_COLUMNS
    assert set(OLD_COLUMNS) - set(old.slots) == {"CF_XDR_SFZ"}
    assert {field.code for field in old.fields if field.required} == {
        *("CF_WSH", "CF_CFLB1", "CF_SY", "CF_YJ", "CF_XDR_MC", "CF_XDR_SHXYM"),
        *("CF_JG", "CF_JDRQ", "CF_XZJG"),
    }
    assert old.family == schemas.load("penalty").family


def test_the_identity_document_fields_are_not_disclosable() -> None:
    for prefix, name in (("CF", "penalty"), ("XK", "licence")):
        hidden = [field.code for field in schemas.load(name).fields if not field.disclosable]
        assert hidden == [
            f"{prefix}_{rest}" for rest in ("FR_ZJLX", "FR_ZJHM", "XDR_ZJLX", "XDR_ZJHM")
        ]


@each
def test_every_record_may_say_where_it_comes_from(schema: Schema) -> None:
    origin = schema.fields[-1]
    assert (origin.code, origin.kind, origin.required) == ("CL_ORIGIN", "choice", False)
    assert origin.vocabulary == ("national", "vertical", "local")
    assert schema.slots[-1] == "CL_ORIGIN"


@each
def test_what_every_schema_must_have(schema: Schema) -> None:
    assert schema.name.isascii()
    assert len(schema.name) <= 32  # the item id of the catalogue is a bytes32
    for named in (schema.subject.name, schema.authority.name):
        assert schema.by_code[named].required, named
    assert schema.by_code[schema.document].required == (schema.apart == ())
    assert schema.by_code[schema.decided].required == (schema.decided_year is None)
    assert schema.by_code[schema.decided].kind == "date"
    code = schema.by_code[schema.subject.code]
    assert code.kind == "uscc"
    assert code.required or code.required_if
    assert (schema.until.rule == "publicity") == schema.may_be_adverse
    if schema.authority.code:
        assert schema.by_code[schema.authority.code].kind == "uscc"
    for field in schema.fields:
        assert (field.max is not None) == (field.kind in ("text", "list", "choice")), field.code
        assert field.vocabulary or field.kind != "choice", field.code


@each
def test_what_a_rule_looks_back_to_stands_before_it(schema: Schema) -> None:
    """`check` judges a record in one pass."""
    places = {field.code: place for place, field in enumerate(schema.fields)}
    for field in schema.fields:
        if field.not_before:
            assert schema.by_code[field.not_before].kind == "date"
            assert places[field.not_before] < places[field.code]
        if field.required_if:
            assert places[field.required_if.field] < places[field.code]
            values = schema.by_code[field.required_if.field].vocabulary
            assert set(field.required_if.any_) <= set(values)
    subject = schema.subject
    assert places[subject.code] < places[subject.registration]
    if subject.kind:
        assert places[subject.kind] < places[subject.code]
        kinds = schema.by_code[subject.kind].vocabulary
        assert kinds == ("法人及非法人组织", "自然人", "个体工商户")


@each
def test_a_full_record_is_good_unless_about_a_person(schema: Schema) -> None:
    checked = check(schema, good(schema), Setting(today=TODAY))
    if schema.natural_person:
        assert [error.code for error in checked.errors] == ["natural-person"]
        assert checked.errors[0].field == schema.subject.name
        assert checked.fields == {}
        return
    assert checked.errors == ()
    assert list(checked.fields) == list(schema.slots)
    assert record_key(schema, checked.fields) != keys(schema, checked.fields).document


@each
def test_a_person_is_refused_by_every_schema_that_asks(schema: Schema) -> None:
    if schema.subject.kind is None:
        assert schema.name == "penalty-2015"
        return
    record = good(schema) | {schema.subject.kind: "自然人"}
    checked = check(schema, record, Setting(today=TODAY))
    assert "natural-person" in {error.code for error in checked.errors}
    assert checked.fields == {}


def test_headers_are_found_by_code_name_and_alias_folded() -> None:
    penalty = schemas.load("penalty")
    for header, code in {
        "CF_NR_FK": "CF_NR_FK",
        "罚款金额(万元)": "CF_NR_FK",
        " 罚款金额（万元） ": "CF_NR_FK",
        "罚款\n金额[万元]": "CF_NR_FK",
        "CF_FR_SFZH": "CF_FR_ZJHM",
        "行政相对人代码_1 （统一社会信用代码）": "CF_XDR_SHXYM",
    }.items():
        column = penalty.column(header)
        assert column is not None and column.code == code, header
    assert penalty.column("备用列") is None
    assert penalty.column("") is None


PENALTY_FILE = resources.files("ledger.records").joinpath("schemas/penalty@1.json")


def changed(*path: str | int, value: object = None) -> bytes:
    """The penalty's file with the member at `path` set; None takes it out."""
    tree = canonical.parse(PENALTY_FILE.read_bytes())
    inner = tree
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    if value is None:
        del inner[path[-1]]
    return canonical.encode(tree)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["_type"], "credit-ledger/schema@2", "not credit-ledger/schema@1"),
        (["_type"], None, "no member _type"),
        (["decided"], "CF_NO", "CF_NO"),
        (["decided"], "CF_NR", "of another kind"),
        (["surprise"], "x", "surprise"),
        (["name"], "Penalty", "name"),
        (["name"], "p" * 33, "name"),
        (["version"], 0, "version"),
        (["version"], True, "version is no int"),
        (["title"], "x", "title is no dict"),
        (["title"], {"zh": "x"}, "no member en"),
        (["adverse"], False, "do not agree"),
        (["adverse"], "yes", "adverse is no bool"),
        (["adverseIf"], {"field": "CF_NR", "values": ["x"]}, "do not agree"),
        (["adverseIf"], {"field": "CF_NR", "values": []}, "values"),
        (["adverseIf"], {"field": "CF_NO", "values": ["x"]}, "CF_NO"),
        (["visibility"], "secret", "visibility is none of"),
        (["period"], "day", "period is none of"),
        (["until"], {"rule": "open", "surprise": "x"}, "surprise"),
        (["until"], {"rule": "open", "field": "CF_YXQ"}, "has no field"),
        (["until"], {"rule": "validity", "field": "CF_YXQ", "open": ["x"]}, "day"),
        (["until"], {"rule": "publicity", "field": "CF_NR"}, "of another kind"),
        (["until"], {"rule": "never"}, "rule is none of"),
        (["subject", "code"], "CF_NR", "of another kind"),
        (["subject", "surprise"], "x", "surprise"),
        (["authority"], ["CF_CFJG"], "authority is no dict"),
        (["fields"], [], "fields has not"),
        (["fields"], ["x"], "not an object"),
        (["fields"], {}, "fields is no list"),
        (["fields", 0, "code"], "cf_xdr_mc", "code"),
        (["fields", 0, "kind"], "number", "kind is none of"),
        (["fields", 0, "max"], None, "have a max"),
        (["fields", 0, "max"], 10**6, "max"),
        (["fields", 0, "vocabulary"], ["x"], "choices have a vocabulary"),
        (["fields", 0, "aliases"], ["x", "x"], "twice"),
        (["fields", 0, "aliases"], [1], "not a list of texts"),
        (["fields", 0, "unusual"], {"below": "1", "above": "2"}, "only an amount"),
        (["fields", 0, "requiredIf"], {"field": "CF_NO", "any": ["x"]}, "CF_NO"),
        (["fields", 0, "surprise"], 1, "surprise"),
        (["fields", 1, "vocabulary"], None, "choices have a vocabulary"),
        (["fields", 19, "unusual"], {"below": "-1", "above": "2"}, "below"),
    ],
)
def test_a_wrong_file_is_malformed(path: list[str | int], value: object, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        schemas.parse(changed(*path, value=value))


@pytest.mark.parametrize(
    "name", ["penalty", "penalty-2015", "licence", "commitment", "severe-list-entry"]
)
def test_what_a_verdict_relies_on_can_be_shown(name: str) -> None:
    schema = schemas.load(name)
    file = resources.files("ledger.records").joinpath(f"schemas/{name}@1.json").read_bytes()
    subject, authority = schema.subject, schema.authority
    relied = {schema.decided, schema.document, schema.until.field, authority.name, authority.code}
    relied |= {subject.name, subject.code, subject.registration, subject.kind}
    relied |= {schema.adverse_if.field} if schema.adverse_if else set()
    for code in relied - {None}:
        tree = canonical.parse(file)
        for field in tree["fields"]:
            if field["code"] == code:
                field["disclosable"] = False
        with pytest.raises(Malformed, match="not disclosable"):
            schemas.parse(canonical.encode(tree))


def test_a_file_is_bounded() -> None:
    with pytest.raises(Malformed, match="longer than"):
        schemas.parse(b" " * (schemas.MAX_FILE + 1))


@given(
    st.recursive(
        st.booleans() | st.integers(0, 9) | st.text(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    ),
    st.data(),
)
@settings(deadline=None)
def test_whatever_stands_in_a_file_only_malformed_is_raised(
    value: object, data: st.DataObject
) -> None:
    tree = canonical.parse(PENALTY_FILE.read_bytes())
    places: list[tuple[str | int, ...]] = [(name,) for name in tree]
    places += [("fields", 17, name) for name in tree["fields"][17]]
    places += [(name, inner) for name in ("subject", "until", "title") for inner in tree[name]]
    path = data.draw(st.sampled_from(places))
    with suppress(Malformed):
        schemas.parse(changed(*path, value=value))


def test_adverse_by_value_and_visibility() -> None:
    """What the format can carry, though no type of ours uses all of it yet."""
    tree = canonical.parse(PENALTY_FILE.read_bytes())
    tree |= {"adverse": False, "adverseIf": {"field": "CF_CFLB", "values": ["罚款", "行政拘留"]}}
    schema = schemas.parse(canonical.encode(tree | {"visibility": "government"}))
    assert schema.visibility == "government"
    assert schema.may_be_adverse
    assert schema.is_adverse({"CF_CFLB": ["警告", "罚 款"]}) is True
    assert schema.is_adverse({"CF_CFLB": ["警告"]}) is False
    assert schema.is_adverse({}) is None
    penalty, licence = schemas.load("penalty"), schemas.load("licence")
    assert (penalty.is_adverse({}), licence.is_adverse({})) == (True, False)
    assert (penalty.visibility, schemas.load("voluntary").visibility) == ("public", "authorisation")


def test_two_columns_of_one_name_are_malformed() -> None:
    with pytest.raises(Malformed, match="two columns are called 备注"):
        schemas.parse(changed("fields", 0, "aliases", value=["备 注"]))
