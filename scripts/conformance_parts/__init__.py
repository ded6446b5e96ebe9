"""How the files of the conformance suite are made: keys, evidence, facts, and the cases by group."""
