"""Replay: rebuild everything from the chain's events and the public tiles, and say what is wrong.

Two auditors who replay the same blocks get the same bytes: nothing of the machine, its clock, its
language, its node or the order in which answers came goes into the report.
"""
