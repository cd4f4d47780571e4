"""A variational autoencoder: encoder, reparametrisation, decoder, ELBO.   Source: Kingma and Welling, https://arxiv.org/abs/1312.6114"""

import torch
import torch.utils.data
from torch import nn, optim
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(64, 40)
        self.fc21 = nn.Linear(40, 5)
        self.fc22 = nn.Linear(40, 5)
        self.fc3 = nn.Linear(5, 40)
        self.fc4 = nn.Linear(40, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


class Blobs(torch.utils.data.Dataset):
    """Images of 8 x 8 with one round blob each."""

    def __init__(self, count):
        self.centres = torch.rand(count, 2) * 7

    def __len__(self):
        return len(self.centres)

    def __getitem__(self, index):
        y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
        cy, cx = self.centres[index]
        return torch.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 4)


def main(epochs=4):
    torch.manual_seed(1)
    loader = torch.utils.data.DataLoader(Blobs(64), batch_size=16, shuffle=True)
    model = VAE()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(epochs):
        train_loss = 0
        for data in loader:
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(data)
            loss = loss_function(recon_batch, data, mu, logvar)
            loss.backward()
            train_loss += loss.item()
            optimizer.step()
        losses.append(train_loss / len(loader.dataset))
    with torch.no_grad():
        sample = model.decode(torch.randn(3, 5)).view(3, 1, 8, 8)
    assert sample.shape == (3, 1, 8, 8) and bool(((sample >= 0) & (sample <= 1)).all())
    return losses, str(model)
