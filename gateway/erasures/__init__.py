"""Erasure on order: content, its keys and its copies are destroyed once the act is final."""
