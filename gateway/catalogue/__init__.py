"""What the catalogue names by hash: schemas and rules, for everybody."""
