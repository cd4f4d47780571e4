"""Advanced indexing, forward and backward, on 4096 rows of 768."""

from ..registry import differentiated, workload

COUNTS = (2048, 4096, 8192, 16384)


@workload("Indexing", count=COUNTS)
def index_rows(torch, count=8192):
    rows = torch.randint(0, 4096, (count,))
    return differentiated(torch, lambda x: x[rows], (4096, 768))


@workload("Indexing", count=(16384, 65536, 262144, 1048576))
def index_pairs(torch, count=262144):
    rows, columns = torch.randint(0, 4096, (count,)), torch.randint(0, 768, (count,))
    return differentiated(torch, lambda x: x[rows, columns], (4096, 768))


@workload("Indexing", rows=(1024, 2048, 4096, 8192))
def index_mask(torch, rows=4096):
    mask = torch.rand(rows, 768) < 0.5
    return differentiated(torch, lambda x: x[mask], (rows, 768))


@workload("Indexing", count=COUNTS)
def index_put(torch, count=2048):
    """Rows written into a copy."""
    rows = torch.randperm(16384)[:count]

    def function(x, new):
        y = x.clone()
        y[rows] = new
        return y

    return differentiated(torch, function, (16384, 256), (count, 256))


@workload("Indexing", count=COUNTS)
def index_add(torch, count=8192):
    rows = torch.randint(0, 4096, (count,))
    return differentiated(torch, lambda x, new: x.index_add(0, rows, new), (4096, 768), (count, 768))


@workload("Indexing", rows=(1024, 2048, 4096, 8192))
def gather(torch, rows=4096):
    columns = torch.randint(0, 768, (rows, 256))
    return differentiated(torch, lambda x: x.gather(1, columns), (rows, 768))


@workload("Indexing", rows=(1024, 2048, 4096, 8192))
def slicing(torch, rows=4096):
    return differentiated(torch, lambda x: x[::2, 1::3] * 2, (rows, 768))


@workload("Indexing", count=COUNTS)
def embedding(torch, count=8192):
    """Rows of 128 from a table of 4096."""
    ids = torch.randint(0, 4096, (count,))
    return differentiated(torch, lambda table: torch.nn.functional.embedding(ids, table), (4096, 128))
