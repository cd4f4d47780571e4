"""A GPT in plain modules: 12 blocks, about 700 recorded operations. ``run(torch)`` trains it for a few steps; ``GPT`` also serves as a large graph to draw."""


def make(torch, layers=12, width=48, heads=4, vocabulary=65, context=32):
    """The model, defined with the given library."""
    nn = torch.nn

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

        def forward(self, x):
            batch, length, _ = x.shape
            q, k, v = (part(x).view(batch, length, heads, width // heads).transpose(1, 2) for part in (self.q, self.k, self.v))
            scores = q @ k.transpose(-2, -1) / (width // heads) ** 0.5
            future = torch.ones(length, length).triu(1) == 1
            weights = scores.masked_fill(future, float("-inf")).softmax(-1)
            return self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))

    class MLP(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.act, self.down = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)

        def forward(self, x):
            return self.down(self.act(self.up(x)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln1, self.attn, self.ln2, self.mlp = nn.LayerNorm(width), Attention(), nn.LayerNorm(width), MLP()

        def forward(self, x):
            x = x + self.attn(self.ln1(x))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList(Block() for _ in range(layers))
            self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, ids):
            x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.ln(x))

    return GPT()
