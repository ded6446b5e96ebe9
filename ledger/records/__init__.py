"""Record types: schemas as data, validation, USCC, working days, periods of publicity."""
