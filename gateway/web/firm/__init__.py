"""Pages of a firm: its records, and its report."""
