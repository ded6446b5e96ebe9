"""Files that hold many receipts and what members say of them: lists of a day, histories."""
