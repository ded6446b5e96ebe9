"""Taking records in: checked, sealed, answered and promised, one by one or as lines."""
