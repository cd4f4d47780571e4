"""How fast lesson_lib is beside PyTorch and others: `python -m benchmarks --help`. The figures stand in RESULTS.md."""
