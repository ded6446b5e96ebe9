"""Tables of others, held against what this member has: the rows that the national platform
returned, and a department's own register."""
