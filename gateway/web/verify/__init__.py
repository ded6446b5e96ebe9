"""Pages that judge what is dropped on them."""
