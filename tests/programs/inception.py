"""An Inception block inside a small classifier: four branches, joined by their channels.   Source: Szegedy et al., https://arxiv.org/abs/1409.4842"""

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


class BasicConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return nn.functional.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.branch1 = BasicConv2d(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(BasicConv2d(in_channels, ch3x3red, kernel_size=1), BasicConv2d(ch3x3red, ch3x3, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(BasicConv2d(in_channels, ch5x5red, kernel_size=1), BasicConv2d(ch5x5red, ch5x5, kernel_size=5, padding=2))
        self.branch4 = nn.Sequential(nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True), BasicConv2d(in_channels, pool_proj, kernel_size=1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.LocalResponseNorm(3))
        self.blocks = nn.ModuleList([Inception(8, 4, 4, 8, 2, 4, 4), Inception(20, 8, 4, 8, 2, 4, 4)])
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.Linear(24, 4))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(x))


def main(epochs=6):
    torch.manual_seed(0)
    labels = torch.arange(32) % 4
    images = torch.randn(32, 1, 12, 12) * 0.3
    for i, label in enumerate(labels.tolist()):  # a bright stripe, whose place is the class
        images[i, 0, 3 * label : 3 * label + 3] += 1.0
    loader = DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=True)
    model, criterion = Net(), nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01, momentum=0.5)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
    losses = []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        scheduler.step()
        losses.append(total)
    return losses, str(model)
