"""The large tables in parts, a month in each: on PostgreSQL alone."""
