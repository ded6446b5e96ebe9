"""Cases: repairs, objections and the owner's own decisions about records, step by step."""
