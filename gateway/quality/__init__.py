"""How well units file: counted as records are taken in, published as signed files."""
