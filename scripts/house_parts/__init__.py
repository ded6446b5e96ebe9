"""Parts of the house rules that read more than Python."""
