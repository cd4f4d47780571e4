"""``nn.utils.rnn`` against PyTorch: packing and padding, and a tagger in plain PyTorch style that is trained with both."""

import numpy as np
import pytest

import lesson_lib

from .parity import as_array, both, compare


def batch(torch):
    """Three sequences of at most four steps, of two numbers each."""
    return torch.arange(24.0).view(4, 3, 2)


def shuffled(torch):
    return torch.nn.utils.rnn.pack_padded_sequence(batch(torch), torch.tensor([1, 4, 2]), enforce_sorted=False)


#: programs over (torch, torch.nn.utils.rnn) whose printed results are compared; some raise
PROGRAMS = {
    "pack": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [4, 2, 1]),
    "pack, batch first": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [3, 2, 1, 1], batch_first=True),
    "pack, not sorted": lambda torch, rnn: shuffled(torch),
    "pack, not sorted, batch first": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [1, 3, 2, 3], True, False),
    "pack, longest shorter": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [3, 2, 1]),
    "pack, too long": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [5, 2, 1]),
    "pack, float lengths": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), torch.tensor([3.0, 2.0, 1.0])),
    "pack, int lengths": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), torch.tensor([3, 2, 1], dtype=torch.int32)),
    "pack, no features": lambda torch, rnn: rnn.pack_padded_sequence(torch.arange(6).view(3, 2), [3, 1]),
    "pack, wrong order": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [1, 2, 4]),
    "pack, length 0": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [3, 2, 0]),
    "pack, length 0, not sorted": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [3, 0, 2], enforce_sorted=False),
    "pack, wrong count": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), [4, 2]),
    "pack, 2-d lengths": lambda torch, rnn: rnn.pack_padded_sequence(batch(torch), torch.tensor([[3, 2, 1]])),
    "pack, 1-d": lambda torch, rnn: rnn.pack_padded_sequence(torch.zeros(3), [3]),
    "pack, nothing": lambda torch, rnn: rnn.pack_padded_sequence(torch.zeros(2, 0, 3), []),
    "unpack": lambda torch, rnn: rnn.pad_packed_sequence(rnn.pack_padded_sequence(batch(torch), [4, 2, 1])),
    "unpack, not sorted": lambda torch, rnn: rnn.pad_packed_sequence(shuffled(torch)),
    "unpack, longer": lambda torch, rnn: rnn.pad_packed_sequence(shuffled(torch), True, -1.0, 6),
    "unpack, integers": lambda torch, rnn: rnn.pad_packed_sequence(shuffled(torch).long(), padding_value=-1.5),
    "unpack, shorter": lambda torch, rnn: rnn.pad_packed_sequence(shuffled(torch), total_length=2),
    "unpack, no packed sequence": lambda torch, rnn: rnn.pad_packed_sequence(batch(torch)),
    "pad": lambda torch, rnn: rnn.pad_sequence([torch.ones(2), torch.ones(3)]),
    "pad, left": lambda torch, rnn: rnn.pad_sequence([torch.ones(2, 2), torch.ones(3, 2)], True, 7, "left"),
    "pad, other types": lambda torch, rnn: rnn.pad_sequence((torch.ones(2).int(), torch.ones(3)), padding_value=0.5),
    "pad, other sizes": lambda torch, rnn: rnn.pad_sequence([torch.ones(2, 2), torch.ones(3, 1)]),
    "pad, a tensor": lambda torch, rnn: rnn.pad_sequence(torch.ones(2, 3)),
    "pad, a generator": lambda torch, rnn: rnn.pad_sequence(torch.ones(n) for n in (1, 2)),
    "pad, unknown side": lambda torch, rnn: rnn.pad_sequence([torch.ones(2), torch.ones(3)], padding_side="top"),
    "pad, nothing": lambda torch, rnn: rnn.pad_sequence([]),
    "pad, a number": lambda torch, rnn: rnn.pad_sequence(3),
    "pad, numbers": lambda torch, rnn: rnn.pad_sequence([3]),
    "pad, 0-d": lambda torch, rnn: rnn.pad_sequence([torch.tensor(1.0)]),
    "unpad": lambda torch, rnn: rnn.unpad_sequence(batch(torch), torch.tensor([4, 2, 0])),
    "unpad, batch first": lambda torch, rnn: rnn.unpad_sequence(batch(torch), torch.tensor([3, 2, 1, 0]), batch_first=True),
    "unpad, wrong count": lambda torch, rnn: rnn.unpad_sequence(batch(torch), torch.tensor([3, 2])),
    "pack sequences": lambda torch, rnn: rnn.pack_sequence([torch.ones(3), torch.ones(2)]),
    "pack sequences, not sorted": lambda torch, rnn: rnn.pack_sequence([torch.ones(2), torch.ones(3)], enforce_sorted=False),
    "pack sequences, wrong order": lambda torch, rnn: rnn.pack_sequence([torch.ones(2), torch.ones(3)]),
    "pack no sequences": lambda torch, rnn: rnn.pack_sequence([]),
    "unpack sequences": lambda torch, rnn: rnn.unpack_sequence(rnn.pack_sequence([torch.ones(2), torch.ones(3)], enforce_sorted=False)),
    "invert": lambda torch, rnn: rnn.invert_permutation(torch.tensor([2, 0, 1])),
    "invert nothing": lambda torch, rnn: rnn.invert_permutation(None),
    "by hand": lambda torch, rnn: rnn.PackedSequence(torch.ones(3, 2), torch.tensor([2, 1])),
    "by hand, sorted": lambda torch, rnn: rnn.PackedSequence(torch.ones(3, 2), torch.tensor([2, 1]), torch.tensor([1, 0])),
    "by hand, unsorted": lambda torch, rnn: rnn.PackedSequence(torch.ones(3, 2), torch.tensor([2, 1]), unsorted_indices=torch.tensor([1, 0])),
    "by hand, a pair": lambda torch, rnn: rnn.PackedSequence((torch.ones(3, 2), torch.tensor([2, 1]))),
    "by hand, no pair": lambda torch, rnn: rnn.PackedSequence(torch.ones(3, 2)),
    "by hand, a list": lambda torch, rnn: rnn.PackedSequence(torch.ones(3, 2), [2, 1]),
    "replace": lambda torch, rnn: shuffled(torch)._replace(data=torch.zeros(7)),
    "kinds": lambda torch, rnn: (len(shuffled(torch)), isinstance(shuffled(torch), tuple), shuffled(torch)[1], shuffled(torch)._fields),
    "to": lambda torch, rnn: (shuffled(torch).to(torch.float64), shuffled(torch).to("cpu", torch.int32), shuffled(torch).to(torch.ones(1).half())),
    "to itself": lambda torch, rnn: [getattr(s := shuffled(torch), name)() is s for name in ("float", "cpu", "double")],
    "is": lambda torch, rnn: (shuffled(torch).is_cuda, shuffled(torch).is_pinned()),
    **{name: lambda torch, rnn, name=name: getattr(shuffled(torch), name)() for name in ("cpu", "double", "float", "half", "long", "int", "short", "char", "byte")},
}  # fmt: skip


def outcome(library, program):
    """What a program prints, or how it fails."""
    try:
        return repr(program(library, library.nn.utils.rnn))
    except Exception as exc:
        return type(exc), str(exc).splitlines()[0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_equals_pytorch(torch, name):
    ours, theirs = (outcome(library, PROGRAMS[name]) for library in (lesson_lib, torch))
    assert ours == theirs


def test_gradients_equal_pytorch(torch):
    """Through packing, unpacking, padding and taking apart, in every order of the sequences."""

    def program(torch):
        rnn = torch.nn.utils.rnn
        x = batch(torch).requires_grad_()
        padded, _ = rnn.pad_packed_sequence(rnn.pack_padded_sequence(x * x, [1, 4, 2], enforce_sorted=False), True, 2.0, 5)
        (padded * padded).sum().backward()
        parts = [torch.ones(n, 2).requires_grad_() for n in (2, 3, 1)]
        whole = rnn.pad_sequence(parts, padding_side="left") * torch.arange(18.0).view(3, 3, 2)
        sum(part.square().sum() for part in rnn.unpad_sequence(whole, torch.tensor([3, 1, 2]))).backward()
        return {"x": as_array(x.grad), "padded": as_array(padded)} | {str(n): as_array(part.grad) for n, part in enumerate(parts)}

    compare(program(lesson_lib), program(torch))


def test_unpad_leaves_its_input_as_it_is():
    """PyTorch 2.13 transposes the caller's tensor in place."""
    padded = lesson_lib.zeros(4, 3, 2)
    lesson_lib.nn.utils.rnn.unpad_sequence(padded, lesson_lib.tensor([4, 2, 1]))
    assert padded.shape == (4, 3, 2)


# --- a network in plain PyTorch style ---------------------------------------------------------------------------------------------


def sentences(count, seed):
    """Words 1 … 19 in sentences of 3 to 9. A word's tag says whether the word before it, and the one after it, are even: it takes both directions."""
    draw = np.random.RandomState(seed)
    words = [draw.randint(1, 20, draw.randint(3, 10)) for _ in range(count)]
    tags = [np.array([2 * int(i > 0 and s[i - 1] % 2 == 0) + int(i + 1 < len(s) and s[i + 1] % 2 == 0) for i in range(len(s))]) for s in words]
    return words, tags


def train_tagger(torch, steps=25):
    nn = torch.nn
    from_list = nn.utils.rnn.pad_sequence

    class Tagger(nn.Module):
        def __init__(self, words, width, hidden, tags):
            super().__init__()
            self.embedding = nn.Embedding(words, width, padding_idx=0)
            self.lstm = nn.LSTM(width, hidden, num_layers=2, batch_first=True, bidirectional=True)
            self.head = nn.Linear(2 * hidden, tags)

        def forward(self, words, lengths):
            packed = nn.utils.rnn.pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
            output, _ = self.lstm(packed)
            output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
            return self.head(output)

    words, tags = sentences(24, seed=0)
    lengths = torch.tensor([len(s) for s in words])
    words = from_list([torch.from_numpy(s) for s in words], batch_first=True)
    tags = from_list([torch.from_numpy(t) for t in tags], batch_first=True, padding_value=-100)
    model = Tagger(20, 8, 12, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(words, lengths).flatten(0, 1), tags.flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        right = (model(words, lengths).argmax(2) == tags).sum().item() / (tags >= 0).sum().item()
    return repr(model), losses, right


def test_bidirectional_lstm_tagger(torch):
    """The same program with the other import: it learns, and every loss is PyTorch's."""
    (text, losses, right), (their_text, their_losses, their_right) = both(torch, train_tagger)
    assert text == their_text
    np.testing.assert_allclose(losses, their_losses, rtol=1e-4)
    assert losses[-1] < 0.5 * losses[0]
    assert right == pytest.approx(their_right, abs=0.02)
