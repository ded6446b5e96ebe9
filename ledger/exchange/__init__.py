"""What members say to each other: requests and answers, signed (design-2 13)."""
