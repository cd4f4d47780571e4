"""The workloads by group. Their order here is their order in the table."""

# The data loader comes first: its workers are forked, which is best done before other libraries have started threads.
from . import data, small, networks, convolutions, sequences, fused, memory_bound, indexing  # noqa: I001
