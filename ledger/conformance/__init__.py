"""The conformance suite: files that any implementation can judge, with what it must say of them.

`suite/` holds the cases; its README is for whoever writes another verifier. A case is put to our
own verifier with facts in place of the chain (`judges`), or to any command by lines (`lines`).
"""
