"""The schema files: bytes, hashes, slots, and what every one of them must have."""

import hashlib
from importlib import resources

import pytest

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records import schema as schemas
from ledger.records.fold import keys, record_key
from ledger.records.schema import Schema
from ledger.records.validate import check
from tests.records.examples import TODAY, good

# A published schema never changes. A test that fails here is answered with a new version.
HASHES = """
abnormal-list@1 671ec9fb38a68546525bd9b6780a181ad7f0f5a27f0bccd3815008785e83e1a5
administrative-adjudication@1 8f2f8241322c4daa12179674b1db84883615686a20cf5ede1330dfe9be384823
administrative-coercion@1 9290daa8658ace34d2be1871f423f44751970ea4e9aaddf3ac278c9d8b1b36c8
administrative-confirmation@1 e87c26bcbb056930e09ea425378020bcb21f4b56a19f1a0c1f7d6138edc9cbba
administrative-inspection@1 3c1470b11e6db4debae9bba6fbbb2ee9e98c8776fdb4de2b645ce592ab338945
administrative-reward@1 5b080be5a4973cc68ec4a98d022d95f3ff262191cb89b437272cee013f041166
commitment-fulfilment@1 fb152ee58afdad111b2a47b9b7905ece47a3c49b53577391b11e814aebe4c17f
commitment@1 39eb30b0c094d10162abd569d35688d17411dce1405bf09a1f9ade8facb19e72
compliance@1 640dddef640120da89936c697edafb70551d9ca923bf366e2823295ebe64f7db
contract-performance@1 91b3a12c533ac7d77eee01d9369b7d79dda6f98937fd22694257a559fa18401f
credit-evaluation@1 09a563ce5907b120f6560a849ceb4fd451c64ef2256d5ab91899686a96a51528
honour@1 0dca21a8eb490299fdc5916e0741f1940cc2ab18385d28598633ac0edb2d62ad
intellectual-property@1 2f83eda074e9cd13b3ef125311eabd5594185a612f49214027b88cde84d80d27
judicial-decision@1 3ad163ab9e75051d7007eaef15ffb6f12220f4c91706317508c4f89a8ea80559
judicial-enforcement@1 965b70d91258cf89d7334800b072de2a6dac88e9b48238e1556a47d2848f3e48
licence@1 3015cc9d362c32c673927cb9eb7bc4e7d96ba55a515385a8ab0d19be70dbfe6f
penalty-2015@1 32b0000e52e9d312c997dac997283c758c67b36a2bdf2c075c71d7fdb960a146
penalty@1 e58e59df699c490d0c43d94c213fce8130ce0660f3e785af7502cc7273550472
professional-title@1 35bb8a936c3909cc9f7008e3bad6e603d2c6ca941ee3a9356598f1222865baf0
registration@1 f1244abe73137852a3c45afa969e1175260530d1421dab0e6ca908cdbb0c60c4
severe-list-entry@1 ef6adf4036810f4c2f88c36e6edb6d880d099d692d3e577e5cb8f034dac5d467
severe-list-exit@1 894849a70901ba7d8dfcb01a711e56ed258dea865902ae466b8c18e8dc291f28
voluntary@1 b4679ace3f5ce933c07077955457dd21f3121827cd3f91c6d4481161bffceda2
"""

# `slots` of the shared vectors (design 4).
PENALTY_SLOTS = """
    CF_XDR_MC CF_XDR_LB CF_XDR_SHXYM CF_XDR_GSZC CF_XDR_ZZJG CF_XDR_SWDJ CF_XDR_SYDW CF_XDR_SHZZ
    CF_FRDB CF_WSH CF_WFXW CF_SY CF_YJ CF_CFLB CF_NR CF_NR_FK CF_NR_WFFF CF_NR_ZKDX CF_JDRQ CF_YXQ
    CF_GSJZQ CF_CFJG CF_CFJGDM CF_SJLY CF_SJLYDM BZ
""".split()
LICENCE_SLOTS = """
    XK_XDR_MC XK_XDR_LB XK_XDR_SHXYM XK_XDR_GSZC XK_XDR_ZZJG XK_XDR_SWDJ XK_XDR_SYDW XK_XDR_SHZZ
    XK_FRDB XK_XKWS XK_WSH XK_XKLB XK_XKZS XK_XKBH XK_NR XK_JDRQ XK_YXQZ XK_YXQZI XK_XKJG XK_XKJGDM
    XK_ZT XK_LYDW XK_LYDWDM BZ
""".split()
OLD_COLUMNS = """
    CF_WSH CF_CFMC CF_CFLB1 CF_CFLB2 CF_SY CF_YJ CF_XDR_MC CF_XDR_SHXYM CF_XDR_ZDM CF_XDR_GSDJ
    CF_XDR_SWDJ CF_XDR_SFZ CF_FR CF_JG CF_JDRQ CF_XZJG CF_ZT DFBM SJC BZ
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


def test_slots_are_those_of_the_vectors() -> None:
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
def test_what_every_schema_must_have(schema: Schema) -> None:
    assert schema.name.isascii()
    assert len(schema.name) <= 32  # the item id of the catalogue is a bytes32
    for named in (schema.decided, schema.document, schema.subject.name, schema.authority.name):
        assert schema.by_code[named].required, named
    assert schema.by_code[schema.decided].kind == "date"
    code = schema.by_code[schema.subject.code]
    assert code.kind == "uscc"
    assert code.required or code.required_if
    assert (schema.until.rule == "publicity") == schema.adverse
    if schema.authority.code:
        authority = schema.by_code[schema.authority.code]
        assert (authority.kind, authority.required) == ("uscc", True)
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
    checked = check(schema, good(schema), today=TODAY)
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
    checked = check(schema, record, today=TODAY)
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


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"_type": "credit-ledger/schema@2"}, "not credit-ledger/schema@1"),
        ({"decided": "CF_NO"}, "CF_NO"),
        ({"surprise": "x"}, "surprise"),
        ({"until": {"rule": "open", "surprise": "x"}}, "surprise"),
        ({"fields": []}, "named but not there"),
    ],
)
def test_a_wrong_file_is_malformed(change: dict[str, object], problem: str) -> None:
    data = resources.files("ledger.records").joinpath("schemas/penalty@1.json").read_bytes()
    with pytest.raises(Malformed, match=problem):
        schemas.parse(canonical.encode(canonical.parse(data) | change))


def test_two_columns_of_one_name_are_malformed() -> None:
    data = resources.files("ledger.records").joinpath("schemas/penalty@1.json").read_bytes()
    tree = canonical.parse(data)
    tree["fields"][0]["aliases"] = ["备 注"]
    with pytest.raises(Malformed, match="two columns are called 备注"):
        schemas.parse(canonical.encode(tree))
