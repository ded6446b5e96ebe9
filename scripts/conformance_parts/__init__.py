"""How the files of the conformance suite are made: keys, evidence, facts, and cases by group."""
