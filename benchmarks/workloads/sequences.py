"""Networks on sequences, a whole training step each."""

from ..gpt import gpt_class
from ..registry import differentiated, trained, workload


@workload("Sequences", training=True, batch=(8, 16, 32, 64), steps=(25, 50, 100, 200), width=(64, 128, 256, 512), layers=(1, 2, 3, 4))
def lstm(torch, batch=32, steps=50, width=128, layers=1):
    """An LSTM and a linear layer that classifies by the last state, with Adam."""
    nn = torch.nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(width, width, layers, batch_first=True), nn.Linear(width, 10)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    model = Classifier()
    x, y = torch.randn(batch, steps, width), torch.randint(0, 10, (batch,))
    return trained(model, torch.optim.Adam(model.parameters(), 1e-3), lambda: nn.functional.cross_entropy(model(x), y))


@workload("Sequences", steps=(25, 50, 100, 200))
def gru(torch, steps=50):
    """The layer alone."""
    layer = torch.nn.GRU(128, 128)
    return differentiated(torch, lambda x: layer(x)[0], (steps, 32, 128))


@workload("Sequences", training=True, batch=(3, 6, 12, 24), length=(32, 64, 128, 256), width=(64, 128, 256, 512), layers=(1, 2, 4, 8))
def gpt(torch, batch=12, length=64, width=128, layers=4):
    """A small GPT with AdamW."""
    model = gpt_class(torch)(layers, width, 4, 65, length, fused=True)
    ids = torch.randint(0, 65, (batch, length + 1))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    return trained(model, optimizer, lambda: torch.nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()))


@workload("Sequences", training=True, batch=(4, 8, 16, 32), length=(32, 64, 128, 256), width=(128, 256, 512, 768), layers=(1, 2, 3, 4))
def bert(torch, batch=8, length=128, width=256, layers=2):
    """An encoder that guesses masked words, with AdamW."""
    nn = torch.nn
    layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, "gelu", batch_first=True)
    encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    model = nn.Sequential(nn.Embedding(1000, width), encoder, nn.Linear(width, 1000))
    words, masked = torch.randint(0, 999, (batch, length)), torch.rand(batch, length) < 0.15
    ids, wanted = words.masked_fill(masked, 999), words.masked_fill(~masked, -100)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    return trained(model, optimizer, lambda: nn.functional.cross_entropy(model(ids).flatten(0, 1), wanted.flatten()))
