"""Histories of subjects, as files with proofs."""
