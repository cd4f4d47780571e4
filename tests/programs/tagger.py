"""A bidirectional LSTM that tags sentences of different lengths, packed.   Task: is this token the same as an earlier one?"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD = 0


class Tagger(nn.Module):
    def __init__(self, words=20, tags=3, embedding=12, hidden=16):
        super().__init__()
        self.embedding = nn.Embedding(words, embedding, padding_idx=PAD)
        self.lstm = nn.LSTM(embedding, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.out = nn.Linear(2 * hidden, tags)

    def forward(self, sentences, lengths):
        packed = pack_padded_sequence(self.embedding(sentences), lengths, batch_first=True, enforce_sorted=False)
        output, (h, c) = self.lstm(packed)
        output, _ = pad_packed_sequence(output, batch_first=True)
        return self.out(output)


def sentences(count):
    for _ in range(count):
        length = int(torch.randint(3, 9, (1,)))
        words = torch.randint(1, 20, (length,))
        tags = torch.where(words > 10, 1, 2)
        tags[words % 5 == 0] = 0
        yield words, tags


def main(steps=12):
    torch.manual_seed(0)
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    words, tags = zip(*sentences(16))
    lengths = torch.tensor([len(w) for w in words])
    words, tags = pad_sequence(words, batch_first=True), pad_sequence(tags, batch_first=True, padding_value=-100)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        scores = model(words, lengths)
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=-100)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=5.0)
        optimizer.step()
        losses.append(loss.item())
    return losses, str(model)
