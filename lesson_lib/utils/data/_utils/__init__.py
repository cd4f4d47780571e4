"""How a DataLoader works inside: collating, fetching, the worker processes and the way that batches take from them."""

from . import collate, fetch, pin_memory, worker
