"""A Transformer encoder-decoder that learns to reverse sequences.   Source: Vaswani et al., https://arxiv.org/abs/1706.03762"""

import math

import torch
import torch.nn as nn
from torch import Tensor

PAD, START = 0, 1


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 50):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.pe[:, : x.size(1)])


class Translator(nn.Module):
    def __init__(self, vocabulary: int, d_model: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, d_model, padding_idx=PAD)
        self.position = PositionalEncoding(d_model)
        self.transformer = nn.Transformer(d_model, nhead=4, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=64, batch_first=True)
        self.out = nn.Linear(d_model, vocabulary)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        scale = math.sqrt(self.embedding.embedding_dim)
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        y = self.transformer(
            self.position(self.embedding(source) * scale),
            self.position(self.embedding(target) * scale),
            tgt_mask=mask,
            src_key_padding_mask=self.mask(source),
            tgt_key_padding_mask=self.mask(target),
            memory_key_padding_mask=self.mask(source),
        )
        return self.out(y)

    @staticmethod
    def mask(tokens):
        return torch.zeros(tokens.shape).masked_fill(tokens == PAD, float("-inf"))

    @torch.no_grad()
    def translate(self, source):
        self.eval()
        target = torch.full((len(source), 1), START)
        for _ in range(source.size(1)):
            scores = self(source, target)[:, -1]
            target = torch.cat([target, scores.argmax(-1, keepdim=True)], dim=1)
        return target


def main(steps=8):
    torch.manual_seed(0)
    source = torch.randint(2, 12, (16, 6))
    target = torch.cat([torch.full((16, 1), START), source.flip(1)], dim=1)
    source[:4, 5:] = PAD
    model = Translator(12)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 32**-0.5 * min((step + 1) ** -0.5, (step + 1) * 20**-1.5))
    criterion = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1)
    losses = []
    for _ in range(steps):
        model.train()
        scores = model(source, target[:, :-1])
        loss = criterion(scores.transpose(1, 2), target[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    assert model.translate(source[:2]).shape == (2, 7)
    return losses, str(model)
