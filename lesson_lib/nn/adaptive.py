"""Adaptive softmax: a classifier for very many classes of which most are rare."""

from collections import namedtuple

from ..core.errors import error
from ..ops.create import zeros
from ..ops.softmax import log_softmax
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """The frequent classes 0 … cutoffs[0]−1 stand in the head, the others in clusters, each with a place in the head and a small layer of its own.

    A rare class has the probability p(its cluster)·p(the class in its cluster). Cluster i works on in_features/div_value^(i+1) numbers.
    The call takes x (N, in_features) and classes (N), and gives (ln p of each one's class, the mean of −ln p).

    >>> import lesson_lib as torch
    >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs=[2, 5], div_value=2.)
    >>> layer.log_prob(torch.ones(3, 8)).shape
    torch.Size([3, 10])

    Errors: ValueError for cutoffs that do not rise within the classes, RuntimeError for a class that does not exist.
    Source: E. Grave et al., https://arxiv.org/abs/1609.04309;
    https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
    """

    def __init__(self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise error("adaptive_cutoffs", message="cutoffs should be a sequence of length larger than 0")
        if any(int(c) != c for c in cutoffs) or cutoffs != sorted(set(cutoffs)) or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1:
            message = "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, "
            raise error("adaptive_cutoffs", message=message + "where each value is between 1 and n_classes-1")
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        made = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden, classes = int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(Sequential(Linear(in_features, hidden, bias=False, **made), Linear(hidden, classes, bias=False, **made)))

    def reset_parameters(self):
        """Draw new weights."""
        self.head.reset_parameters()
        for to_hidden, to_classes in self.tail:
            to_hidden.reset_parameters()
            to_classes.reset_parameters()

    def forward(self, input_, target_):
        """(ln p of each one's class, the mean of −ln p)."""
        self._check(input_, target_)
        single = target_.ndim == 0
        x, classes = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        output, places = zeros(len(classes), dtype=x.dtype, device=x.device), classes.clone()  # places: where each class is found in the head
        for i, cluster in enumerate(self.tail):
            inside = (classes >= self.cutoffs[i]) & (classes < self.cutoffs[i + 1])
            rows = inside.nonzero().squeeze(1)
            if not rows.numel():
                continue
            places[rows] = self.shortlist_size + i
            log_p = log_softmax(cluster(x.index_select(0, rows)), 1)
            output = output.index_copy(0, rows, log_p.gather(1, (classes[rows] - self.cutoffs[i]).unsqueeze(1)).squeeze(1))
        output = output + log_softmax(self.head(x), 1).gather(1, places.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _check(self, input, target):
        """PyTorch's errors."""
        if target.ndim > 1:
            raise error("nll_target_many")
        if target.ndim == 1 and input.shape[0] != target.shape[0]:
            raise error("adaptive_batch")
        if input.ndim != target.ndim + 1:
            raise error("adaptive_dims", target=target.ndim, wanted=target.ndim + 1, found=input.shape)
        if target.numel() and not 0 <= int(target.min()) <= int(target.max()) < self.n_classes:
            raise error("adaptive_range", last=self.n_classes - 1, low=int(target.min()), high=int(target.max()))

    def log_prob(self, input):
        """ln p of all classes: x (N, in_features) → (N, n_classes)."""
        head = log_softmax(self.head(input), 1)
        result = head.new_empty((head.size(0), self.n_classes))
        result[:, : self.shortlist_size] = head[:, : self.shortlist_size]
        for i, cluster in enumerate(self.tail):
            of_cluster = head[:, self.shortlist_size + i].unsqueeze(1)
            result[:, self.cutoffs[i] : self.cutoffs[i + 1]] = log_softmax(cluster(input), 1) + of_cluster
        return result

    def predict(self, input):
        """The likeliest class of each row."""
        return self.log_prob(input).argmax(1)
