"""Key files, the folders that hold them, and who signs with them."""
