"""Subjects: who has two names or two codes."""
