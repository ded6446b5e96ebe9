"""Reading and writing products, their versions and acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_rows, insert_unless_there
from gateway.products.interfaces import ProductAction
from gateway.products.models import (
    product_acts,
    product_inputs,
    product_users,
    product_versions,
    product_watch,
    products,
)
from gateway.statuses.changes import Place

Row = sa.Row[Any]

LOCK: Final = "products"
"""Name of the lock under which products, versions and acts are made."""
IN_FLIGHT: Final = ("waiting", "signed", "sent")
PAGE: Final = 200
MOST_NAMED: Final = 64
_SOME: Final = 512
_ONLY: Final = 1

# Without what is sealed, which may be megabytes.
_VERSION = sa.select(
    *(column for column in product_versions.c if column.name not in ("manifest", "firsts"))
)


# ---- products


def product_row(connection: sa.Connection, member: str, product_id: bytes) -> Row | None:
    """A product; None: it is not known here."""
    query = sa.select(products).where(products.c.member == member, products.c.product == product_id)
    return connection.execute(query).one_or_none()


def named(connection: sa.Connection, product_id: bytes) -> Sequence[Row]:
    """Products of this id that are known here, whosever: at most one of each member."""
    query = sa.select(products).where(products.c.product == product_id).order_by(products.c.n)
    return connection.execute(query.limit(MOST_NAMED)).all()


def product_at(connection: sa.Connection, number: int) -> Row:
    """A product by its number."""
    return connection.execute(sa.select(products).where(products.c.n == number)).one()


def put_product(connection: sa.Connection, **values: Any) -> int:
    """Keep one; its number."""
    made = sa.insert(products).values(**values).returning(products.c.n)
    return int(connection.execute(made).scalar_one())


def change_product(connection: sa.Connection, number: int, **values: Any) -> None:
    """Change what was asked for of one that the chain does not have."""
    connection.execute(sa.update(products).where(products.c.n == number).values(**values))


def page(connection: sa.Connection, after: int, limit: int = PAGE) -> Sequence[Row]:
    """The products behind this number, in the order in which they came."""
    query = sa.select(products).where(products.c.n > after).order_by(products.c.n).limit(limit)
    return connection.execute(query).all()


def members_of(connection: sa.Connection, product_id: bytes) -> Sequence[str]:
    """Members under which a product of this id is known here."""
    query = sa.select(products.c.member).where(products.c.product == product_id)
    return connection.scalars(query.order_by(products.c.member)).all()


# ---- versions


def versions_of(connection: sa.Connection, product: int) -> Sequence[Row]:
    """The versions that are here, in their order, without what is sealed."""
    query = _VERSION.where(product_versions.c.product == product)
    return connection.execute(query.order_by(product_versions.c.version)).all()


def version_row(connection: sa.Connection, product: int, version: int | None = None) -> Row | None:
    """A version with what is sealed. version: None: the newest that is here."""
    query = sa.select(product_versions).where(product_versions.c.product == product)
    if version is not None:
        query = query.where(product_versions.c.version == version)
    newest = query.order_by(product_versions.c.version.desc()).limit(1)
    return connection.execute(newest).one_or_none()


def kept_under(
    connection: sa.Connection, member: str, product_id: bytes, version: int
) -> Row | None:
    """The `box` of the manifest of a version and the `department` of its product; None: it is not
    here any more."""
    query: sa.Select[Any] = (
        sa.select(product_versions.c.box, products.c.department)
        .join(products, products.c.n == product_versions.c.product)
        .where(
            products.c.member == member,
            products.c.product == product_id,
            product_versions.c.version == version,
        )
    )
    return connection.execute(query).one_or_none()


def put_version(connection: sa.Connection, marks: Sequence[bytes], **values: Any) -> int:
    """Keep one, with the fingerprints of its inputs, each once; its number."""
    made = sa.insert(product_versions).values(**values).returning(product_versions.c.n)
    number = int(connection.execute(made).scalar_one())
    rows = ((mark, number) for mark in marks)
    insert_rows(connection, product_inputs, ("mark", "version"), rows)
    return number


def drop_version(connection: sa.Connection, number: int) -> None:
    """Forget a version that the chain did not take."""
    for table in (product_inputs, product_users):
        connection.execute(sa.delete(table).where(table.c.version == number))
    connection.execute(sa.delete(product_versions).where(product_versions.c.n == number))


def versions_with(connection: sa.Connection, marks: Sequence[bytes]) -> Sequence[Row]:
    """Versions that one of these records went into, each with its `mark`, product and number, in
    the order in which they came."""
    query = (
        sa.select(
            product_inputs.c.mark,
            product_versions.c.n,
            product_versions.c.version,
            products.c.n.label("product_n"),
            products.c.member,
            products.c.product,
            products.c.kind,
            products.c.title,
            products.c.department,
        )
        .join(product_versions, product_versions.c.n == product_inputs.c.version)
        .join(products, products.c.n == product_versions.c.product)
        .order_by(product_versions.c.n)
    )
    found: list[Row] = []
    for at in range(0, len(marks), _SOME):
        some = query.where(product_inputs.c.mark.in_(marks[at : at + _SOME]))
        found.extend(connection.execute(some))
    return found


# ---- users


def put_user(connection: sa.Connection, version: int, member: str, *, token: int, at: int) -> None:
    """Note whom a version is handed to; nothing happens where it is noted."""
    values = {"version": version, "member": member, "token": token, "at": at}
    connection.execute(insert_unless_there(connection, product_users).values(values))


def users_of(connection: sa.Connection, versions: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Members that versions were handed to, by version."""
    found: dict[int, list[str]] = {}
    for at in range(0, len(versions), _SOME):
        query = sa.select(product_users.c.version, product_users.c.member).where(
            product_users.c.version.in_(versions[at : at + _SOME])
        )
        for row in connection.execute(query.order_by(product_users.c.member)):
            found.setdefault(row.version, []).append(row.member)
    return found


# ---- acts


def put_act(
    connection: sa.Connection,
    product: int,
    action: ProductAction,
    *,
    version: int = 0,
    token: int,
    at: int,
) -> None:
    """Have something go to the chain, behind what goes before it."""
    connection.execute(
        sa.insert(product_acts).values(
            product=product,
            action=int(action),
            version=version,
            token=token,
            at=at,
            state="waiting",
            attempt=0,
            failures=0,
        )
    )


def acts_of(connection: sa.Connection, product: int) -> Sequence[Row]:
    """All acts about a product, in their order."""
    query = sa.select(product_acts).where(product_acts.c.product == product)
    return connection.execute(query.order_by(product_acts.c.n)).all()


def turns(connection: sa.Connection, now: int) -> Sequence[Row]:
    """Acts whose turn it is: the first on its way of each product, unless it is to be tried
    later. now: Unix seconds."""
    first = (
        sa.select(sa.func.min(product_acts.c.n))
        .where(product_acts.c.state.in_(IN_FLIGHT))
        .group_by(product_acts.c.product)
    )
    due = sa.or_(product_acts.c.not_before.is_(None), product_acts.c.not_before <= now)
    query = sa.select(product_acts).where(product_acts.c.n.in_(first), due)
    return connection.execute(query.order_by(product_acts.c.n)).all()


def has_acts_in_flight(connection: sa.Connection) -> bool:
    """Whether anything is on its way."""
    query = sa.select(product_acts.c.n).where(product_acts.c.state.in_(IN_FLIGHT)).limit(1)
    return connection.execute(query).first() is not None


def change_act(connection: sa.Connection, number: int, **values: Any) -> None:
    """Note what became of an act."""
    connection.execute(sa.update(product_acts).where(product_acts.c.n == number).values(**values))


def behind(connection: sa.Connection, act: Row) -> Sequence[Row]:
    """Acts on their way about the same product that come after one."""
    query = sa.select(product_acts).where(
        product_acts.c.product == act.product,
        product_acts.c.n > act.n,
        product_acts.c.state.in_(IN_FLIGHT),
    )
    return connection.execute(query.order_by(product_acts.c.n)).all()


def newest_recorded(connection: sa.Connection) -> Row | None:
    """The act that the chain took last."""
    query = sa.select(product_acts).where(product_acts.c.state == "recorded")
    last = query.order_by(product_acts.c.recorded_at.desc(), product_acts.c.n.desc()).limit(1)
    return connection.execute(last).one_or_none()


def recorded_acts(connection: sa.Connection) -> Sequence[Row]:
    """All that the chain took, product by product, in their order."""
    query = sa.select(product_acts).where(product_acts.c.state == "recorded")
    return connection.execute(query.order_by(product_acts.c.product, product_acts.c.n)).all()


def refile(connection: sa.Connection, numbers: Sequence[int] | None = None) -> int:
    """Have acts sent again that a chain took which was lost; how many. numbers: None: all, with
    what was on its way there."""
    change = sa.update(product_acts)
    if numbers is None:
        change = change.where(product_acts.c.state.in_((*IN_FLIGHT, "recorded")))
    else:
        change = change.where(product_acts.c.n.in_(numbers))
    unsent = {"state": "waiting", "code": None, "signature": None, "deadline": None}
    done = change.values(
        **unsent,
        contract=None,
        failures=0,
        not_before=None,
        recorded_at=None,
        attempt=product_acts.c.attempt + 1,
    )
    return connection.execute(done).rowcount


def gauges(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """What is on its way and does not get there, for a scraper: name, what it is, value."""
    query = sa.select(sa.func.count()).where(
        product_acts.c.state.in_(IN_FLIGHT), product_acts.c.failures > 0
    )
    held = connection.scalar(query) or 0
    return [("product_acts_held", "Acts about products that the chain refused for now", held)]


# ---- changes of statuses that users were told of


def read_watch(connection: sa.Connection) -> Place | None:
    """Behind which change users were told everything; None: it never began."""
    row = connection.execute(sa.select(product_watch)).one_or_none()
    return None if row is None else Place(number=row.change, mark=row.mark)


def put_watch(connection: sa.Connection, place: Place) -> None:
    """Go on from there."""
    values = {"change": place.number, "mark": place.mark}
    first = insert_unless_there(connection, product_watch).values({"id": _ONLY, **values})
    connection.execute(first)
    connection.execute(sa.update(product_watch).values(values))
