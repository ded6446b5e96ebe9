"""Clients of a gateway: `Client`, `AsyncClient`, and what they share with the commands.

    from ledger import Client

    with Client("https://gateway.example", token_file=Path("token")) as client:
        answer = client.files.submit(Path("penalties.xlsx"))

What is asked and how an answer is read stands once, as flows that do no I/O (`flows`): they say
what to send and how long to wait, and two thin transports on httpx carry that out, one blocking,
one not. Methods stand in groups, an attribute of the client for each domain of a gateway:

    records  files  receipts  cases  lists  histories
    uses  checks  authorisations  reports  followed  products  outcomes

A further domain is a module of flows, a group in `groups` and in `async_groups` (for finance in
`finance_groups`, `product_groups` and their twins), and an attribute of both clients; a single
verb, such as `verify` or `use`, stands on the client itself.
"""
