"""A GPT in plain modules: a workload, and, with each operation of the attention written out, a large graph to draw (700 operations)."""

import lesson_lib


def gpt_class(torch):
    """The class of the model, for lesson_lib or for PyTorch."""
    nn = torch.nn

    class Attention(nn.Module):
        """Causal attention with several heads."""

        def __init__(self, width, heads, fused):
            super().__init__()
            self.heads, self.fused = heads, fused
            self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

        def forward(self, x):
            batch, length, width = x.shape
            q, k, v = (part(x).view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in (self.q, self.k, self.v))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True) if self.fused else self.written_out(q, k, v)
            return self.out(y.transpose(1, 2).reshape(batch, length, width))

        def written_out(self, q, k, v):
            length, width = q.shape[-2:]
            scores = q @ k.transpose(-2, -1) / width**0.5
            future = torch.ones(length, length).triu(1) == 1
            return scores.masked_fill(future, float("-inf")).softmax(-1) @ v

    class MLP(nn.Module):
        """Two layers with a GELU between them."""

        def __init__(self, width):
            super().__init__()
            self.up, self.act, self.down = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)

        def forward(self, x):
            return self.down(self.act(self.up(x)))

    class Block(nn.Module):
        """Attention and MLP, each after a norm and beside a residual path."""

        def __init__(self, width, heads, fused):
            super().__init__()
            self.ln1, self.attn, self.ln2, self.mlp = nn.LayerNorm(width), Attention(width, heads, fused), nn.LayerNorm(width), MLP(width)

        def forward(self, x):
            x = x + self.attn(self.ln1(x))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):
        """Embeddings, blocks, a norm and a head."""

        def __init__(self, layers=12, width=48, heads=4, vocabulary=65, context=32, fused=False):
            super().__init__()
            self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList(Block(width, heads, fused) for _ in range(layers))
            self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, ids):
            x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.ln(x))

    return GPT


GPT = gpt_class(lesson_lib)
