"""Benchmarks: ours and the peers side by side in one run (``make bench``, ``python -m bench.run``)."""
