"""Other libraries, for the workloads that they can run, in the style of each; from the same start as in benchmarks/workloads."""
