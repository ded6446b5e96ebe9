"""Our contracts as Python sees them: ABI, bindings, values and events."""
