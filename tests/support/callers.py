"""Callers, for tests that ask the services without a token."""

from gateway.base.policy import Caller

CENTRE = Caller(id=1, name="中心", scopes=frozenset({"submit", "read"}), department=None)
"""Acts for the whole member."""


def of(department: str | None) -> Caller:
    """One of a department, without authorities; None is the centre."""
    if department is None:
        return CENTRE
    return Caller(id=2, name="部门", scopes=CENTRE.scopes, department=department)
