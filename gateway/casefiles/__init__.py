"""Files that decide about many records: proposed by one person, released once by another."""
