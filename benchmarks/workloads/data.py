"""Loading data."""

from ..registry import workload


@workload("Data", {"dataloader": {}, "dataloader_workers": {"items": 2048, "workers": 2}}, items=(1024, 2048, 4096, 8192))
def dataloader(torch, items=4096, workers=0, batch=64):
    """One epoch of shuffled batches of 784 numbers and a class."""
    data = torch.utils.data.TensorDataset(torch.randn(items, 784), torch.arange(items) % 10)
    loader = torch.utils.data.DataLoader(data, batch, shuffle=True, num_workers=workers, persistent_workers=workers > 0)

    def step():
        for x, y in loader:  # noqa: B007  (the last batch is the result)
            pass
        return x, y

    return step
