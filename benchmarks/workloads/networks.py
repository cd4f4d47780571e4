"""Networks on images, a whole training step each."""

from ..registry import trained, workload


def lenet_model(torch, width=1):
    """LeNet-5 for 32×32 images of one channel."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6 * width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6 * width, 16 * width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400 * width, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


@workload("Networks", training=True, batch=(16, 32, 64, 128), width=(1, 2, 4, 8))
def lenet(torch, batch=64, width=1):
    """LeNet with SGD."""
    model = lenet_model(torch, width)
    x, y = torch.randn(batch, 1, 32, 32), torch.randint(0, 10, (batch,))
    return trained(model, torch.optim.SGD(model.parameters(), 0.01, 0.9), lambda: torch.nn.functional.cross_entropy(model(x), y))


def resnet_model(torch, blocks, width):
    """A residual network for 32×32 images: one stage for each number of blocks, the first ``width`` wide, each later one twice as wide."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
            self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
            self.shortcut = nn.Identity()
            if stride > 1 or inputs != outputs:
                self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            y = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    layers, channels = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()], width
    for stage, count in enumerate(blocks):
        for n in range(count):
            layers.append(Block(channels, width << stage, 2 if stage and not n else 1))
            channels = width << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def train_resnet(torch, batch, blocks, width):
    model = resnet_model(torch, blocks, width)
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9, weight_decay=1e-4)
    return trained(model, optimizer, lambda: torch.nn.functional.cross_entropy(model(x), y))


@workload("Networks", training=True, batch=(8, 16, 32, 64), width=(8, 16, 32, 64), depth=(1, 2, 3, 4))
def resnet8(torch, batch=32, width=16, depth=1):
    """Three stages of one block, 16, 32 and 64 wide."""
    return train_resnet(torch, batch, (depth,) * 3, width)


@workload("Networks", training=True, batch=(4, 8, 16, 32))
def resnet18(torch, batch=32):
    """Four stages of two blocks, 64 to 512 wide."""
    return train_resnet(torch, batch, (2, 2, 2, 2), 64)


@workload("Networks", training=True, batch=(32, 64, 128, 256), width=(200, 400, 800, 1600))
def vae(torch, batch=128, width=400):
    """784-400-20-400-784 with Adam: reconstruction and the divergence of the code."""
    nn, functional = torch.nn, torch.nn.functional

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(784, width), nn.ReLU())
            self.mean, self.spread = nn.Linear(width, 20), nn.Linear(width, 20)
            self.decoder = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 784))

        def forward(self, x):
            h = self.encoder(x)
            mean, spread = self.mean(h), self.spread(h)
            return self.decoder(mean + torch.randn_like(mean) * torch.exp(0.5 * spread)), mean, spread

    model, x = VAE(), torch.rand(batch, 784)

    def loss():
        y, mean, spread = model(x)
        divergence = -0.5 * torch.sum(1 + spread - mean.pow(2) - spread.exp())
        return functional.binary_cross_entropy_with_logits(y, x, reduction="sum") + divergence

    return trained(model, torch.optim.Adam(model.parameters(), 1e-3), loss)
