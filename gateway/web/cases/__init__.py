"""The half of the desk where people decide: cases, releases, worklists, credit reports, tokens."""
