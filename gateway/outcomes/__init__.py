"""Outcomes: sums of a month that an institution reports, and what custodians make of them (design-2
17)."""
