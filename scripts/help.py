"""What `make` offers."""

print("""make demo     set up, then show the main job from department files to verified receipts
make test     set up, then everything CI checks: linters, types, contracts, Python tests
make setup    set up only: the command is .venv/bin/credit-ledger
make lint     ruff, mypy, forge fmt, house rules
make build    contracts/ to ledger/chain/contracts/abi/
make vectors  tests/vectors/ from its generator
make bench    the figures of the data path, in turn with those of a commit before (an hour)
make bench-quick  the same with few records, under two minutes
make soak     ten million records with a kill amid them, resumable (half an hour)
make chaos    break chain, database, signer and gateways at random; what was promised (half an hour)
make consortium  four provinces on validators built from Go modules, broken (needs Go)
make nightly  chaos, soak of a million, bench-quick and matrix, into build/nightly/
make matrix   the tests on every Python from 3.11 to 3.14 that this machine has (long)
make dist     wheel, sdist and hashes of this commit into build/dist/
make lock     raise the pinned versions
make clean    remove what the others made""")
