"""Pages of a bank or a bureau."""
