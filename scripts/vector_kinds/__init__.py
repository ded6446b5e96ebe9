"""What `scripts/vectors.py` writes, by kind."""
