"""Parts of the benchmark, one measurement each."""
