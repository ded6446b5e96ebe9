"""`audit monitor`: follow chain, logs, mirrors and nodes, and tell everything that is new once.

What a round found is written down in one transaction with the place that it came to; what is to be
sent waits beside it. So whatever ends the process, nothing is lost, and nothing is told twice but a
message whose receiver's answer was not heard, under the id that it had.
"""
