"""The sampler for training in several processes: each reads its own part of the data set."""

from ...core.errors import error
from ...core.rng import Generator
from .sampler import Sampler


class DistributedSampler(Sampler):
    """Every ``num_replicas``-th index, from number ``rank`` on, of an order that is the same in every process.

    All get equally many: the first indices again where some are missing, or (``drop_last``) without the last ones.
    Call ``set_epoch(epoch)`` before each pass, or the order is the same each time.

    >>> import lesson_lib as torch
    >>> [list(torch.utils.data.DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in range(2)]
    [[0, 2, 4], [1, 3, 0]]

    Errors: ValueError without ``num_replicas`` and ``rank``, as no group of processes can be asked for them here.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
    """

    def __init__(self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False):
        if num_replicas is None or rank is None:
            raise error("no_process_group")
        if not 0 <= rank < num_replicas:
            raise error("sampler_rank", rank=rank, last=num_replicas - 1)
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0
        self.num_samples = len(dataset) // num_replicas if drop_last else -(-len(dataset) // num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        count = len(self.dataset)
        order = Generator().manual_seed(self.seed + self.epoch).permutation(count).tolist() if self.shuffle else list(range(count))
        repeats = -(-self.total_size // count) if count else 0
        return iter((order * repeats)[: self.total_size][self.rank :: self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch):
        """The number of the pass, which chooses its order."""
        self.epoch = epoch
