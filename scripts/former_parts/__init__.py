"""Former versions of the program, out of the history of the repository."""
