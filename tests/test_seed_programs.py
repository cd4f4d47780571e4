"""The programs of the introductory texts, S1 to S4 and S6: they run with only the import changed, and give PyTorch's numbers.

Each program is a function of the module ``torch``; the tests run it with lesson_lib and, where it is installed, with PyTorch.
"""

import inspect
import re

import numpy as np
import pytest

import lesson_lib

from .parity import both, graph


def first_line(exc):
    return str(exc).splitlines()[0]


# --- S1: making and adding tensors ------------------------------------------------------------------------------------------


def s1(torch):
    """Tensors as the text makes them; its sum and its index are wrong, and say so."""
    found = [torch.empty(5, 3).shape, torch.rand(5, 3), torch.zeros(5, 3, dtype=torch.long)]
    x = torch.tensor([5.5, 3])
    y = torch.rand(5, 3)
    for mistake in (lambda: x + y, lambda: torch.add(x, y), lambda: x[:, 1]):
        with pytest.raises((RuntimeError, IndexError)) as caught:
            mistake()
        found.append((caught.type.__name__, first_line(caught.value)))
    x = torch.rand(5, 3)
    return [repr(v) if hasattr(v, "numpy") else v for v in [*found, x + y, torch.add(x, y), x[:, 1], str(found[2].dtype), x.size()]]


def test_s1_equals_pytorch(torch):
    ours, theirs = both(torch, s1)
    assert ours == theirs


def test_s1():
    texts = s1(lesson_lib)
    message = "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1"
    assert texts[3] == texts[4] == ("RuntimeError", message)
    assert texts[5] == ("IndexError", "too many indices for tensor of dimension 1")
    assert texts[2] == "tensor([[0, 0, 0],\n        [0, 0, 0],\n        [0, 0, 0],\n        [0, 0, 0],\n        [0, 0, 0]])"


# --- S2: a gradient ---------------------------------------------------------------------------------------------------------


def s2(torch):
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    out.backward()
    return [repr(v) for v in (x, y, z, out, x.grad)]


def test_s2(torch):
    ours, theirs = both(torch, s2)
    assert ours == theirs


def test_s2_by_numbers():
    texts = s2(lesson_lib)
    assert texts[-1] == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"
    for text, name in zip(texts[1:4], ("AddBackward0", "MulBackward0", "MeanBackward0"), strict=True):
        assert f"grad_fn=<{name}>" in text


# --- S3: a convolutional network --------------------------------------------------------------------------------------------


def net_of(torch):
    nn, F = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()  # noqa: UP008 - as the text writes it
            # 1 input image channel, 6 output channels, 3x3 square convolution
            self.conv1 = nn.Conv2d(1, 6, 3)
            self.conv2 = nn.Conv2d(6, 16, 3)
            # an affine operation: y = Wx + b
            self.fc1 = nn.Linear(16 * 6 * 6, 120)  # 6*6 from image dimension
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x):
            # Max pooling over a (2, 2) window
            x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = x.view(-1, self.num_flat_features(x))
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)

        def num_flat_features(self, x):
            size = x.size()[1:]  # all dimensions except the batch dimension
            num_features = 1
            for s in size:
                num_features *= s
            return num_features

    return Net()


PRINTED = """Net(
  (conv1): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1))
  (conv2): Conv2d(6, 16, kernel_size=(3, 3), stride=(1, 1))
  (fc1): Linear(in_features=576, out_features=120, bias=True)
  (fc2): Linear(in_features=120, out_features=84, bias=True)
  (fc3): Linear(in_features=84, out_features=10, bias=True)
)"""


def s3(torch):
    net = net_of(torch)
    x = torch.randn(2, 1, 32, 32)
    out = net(x)
    net.zero_grad()
    out.backward(torch.ones(2, 10))
    messages = []
    for shape in ((1, 1, 28, 28), (1, 3, 32, 32), (32, 32)):
        with pytest.raises(RuntimeError) as caught:
            net(torch.ones(shape))
        messages.append(first_line(caught.value))
    return (repr(net), graph(out.grad_fn), messages), [v.detach().numpy() for v in (out, *(p.grad for p in net.parameters()))]


def test_s3(torch):
    (facts, numbers), (their_facts, their_numbers) = both(torch, s3)
    assert facts == their_facts
    for ours, theirs in zip(numbers, their_numbers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_s3_by_numbers():
    net = net_of(lesson_lib)
    assert repr(net) == PRINTED
    assert net(lesson_lib.ones(1, 1, 32, 32)).shape == (1, 10)
    with pytest.raises(RuntimeError, match=r"^mat1 and mat2 shapes cannot be multiplied \(1x400 and 576x120\)"):
        net(lesson_lib.ones(1, 1, 28, 28))
    message = "Given groups=1, weight of size [6, 1, 3, 3], expected input[1, 3, 32, 32] to have 1 channels, but got 3 channels instead"
    with pytest.raises(RuntimeError, match="^" + re.escape(message)):
        net(lesson_lib.ones(1, 3, 32, 32))


# --- S4: the training loop --------------------------------------------------------------------------------------------------


def images(rows=512):
    """A data set with something to learn: the class is the brightest of ten bars; like the text's images, 1×32×32."""
    rng = np.random.RandomState(0)
    labels = rng.randint(0, 10, rows)
    pictures = rng.rand(rows, 1, 32, 32).astype(np.float32) * 0.5
    for picture, label in zip(pictures, labels, strict=True):
        picture[0, :, 3 * label : 3 * label + 3] += 4
    return pictures, labels.astype(np.int64)


def s4(torch, epochs=2):
    pictures, labels = images()
    data = torch.utils.data.TensorDataset(torch.from_numpy(pictures), torch.from_numpy(labels))
    trainloader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
    criterion = torch.nn.CrossEntropyLoss()
    # create the network and the optimizer
    net = net_of(torch)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    printed = []
    # the training loop
    for epoch in range(epochs):  # go over the data set several times
        running_loss = 0.0
        for i, data in enumerate(trainloader, 0):
            # get the inputs
            inputs, labels = data
            # zero the gradients
            optimizer.zero_grad()
            # forward + backward + optimize
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            # print statistics
            running_loss += loss.item()
            if i % 20 == 19:
                printed.append(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 20:.3f}")
                running_loss = 0.0
    printed.append("Finished Training")
    return printed


def test_s4(torch):
    """The same shuffles, the same weights, the same printed losses."""
    ours, theirs = both(torch, s4)
    assert ours == theirs


def test_s4_by_numbers():
    lesson_lib.manual_seed(0)
    printed = s4(lesson_lib, epochs=3)
    assert printed[-1] == "Finished Training"
    losses = [float(line.split()[-1]) for line in printed[:-1]]
    assert losses[-1] < 0.9 * losses[0]


# --- S6: a function of one's own --------------------------------------------------------------------------------------------


def s6(torch):
    def sigmoid(x):
        return 1.0 / (1.0 + (-x).exp())

    class Sigmoid(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = 1.0 / (1.0 + (-x).exp())
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad_y):
            (y,) = ctx.saved_tensors
            return grad_y * y * (1.0 - y)

    found = []
    for function in (sigmoid, Sigmoid.apply):
        x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
        y = function(x)
        y.sum().backward()
        found.append((graph(y.grad_fn), [round(v, 5) for v in (*y.tolist(), *x.grad.tolist())]))
    return found


def test_s6(torch):
    ours, theirs = both(torch, s6)
    assert ours == theirs


def test_s6_by_numbers():
    (several, numbers), (one, same_numbers) = s6(lesson_lib)
    assert numbers == same_numbers
    assert str(several).count("Backward") == 5  # neg, exp, add, reciprocal, mul
    assert one == ["SigmoidBackward", [["torch::autograd::AccumulateGrad", []]]]


def test_programs_are_as_printed():
    """Nothing in the programs mentions lesson_lib: they get the module as ``torch``."""
    for program in (s1, s2, net_of, s4, s6):
        assert "lesson_lib" not in inspect.getsource(program)
