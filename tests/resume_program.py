"""A training that can be stopped after any batch and taken up again in another process, as PyTorch users write it.

``python -m tests.resume_program torch run.pt --stop 8`` trains for 8 batches in all and writes run.pt; without ``--stop`` it goes on
to the end. The library's name is the only thing that says with which one.
"""

import argparse
import importlib
import os

EPOCHS = 3


def network(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(64, 8, bias=False),
        nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3),
    )  # fmt: skip


def run(torch, path, stop=None, forget=None):
    """Train until ``stop`` batches are done in all, then save everything. ``forget`` leaves out one entry of what was saved."""
    torch.manual_seed(0)
    x = torch.randn(44, 1, 6, 6)
    data = torch.utils.data.TensorDataset(x, (x.mean((1, 2, 3)) * 9).round().long().clamp(-1, 1) + 1)
    generator = torch.Generator().manual_seed(5)
    loader = torch.utils.data.DataLoader(data, batch_size=8, sampler=torch.utils.data.RandomSampler(data, generator=generator))
    net = network(torch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, epochs=EPOCHS, steps_per_epoch=len(loader))
    epoch, done, random_state = 0, 0, None

    if os.path.exists(path):
        saved = torch.load(path)
        saved.pop(forget, None)
        if "net" in saved:
            net.load_state_dict(saved["net"])
        if "optimizer" in saved:
            optimizer.load_state_dict(saved["optimizer"])
        if "scheduler" in saved:
            scheduler.load_state_dict(saved["scheduler"])
        if "order" in saved:
            generator.set_state(saved["order"])
        epoch, done, random_state = saved["epoch"], saved.get("done", 0), saved.get("random_state")

    for epoch in range(epoch, EPOCHS):  # noqa: B020 - from the epoch in which it was stopped
        order = generator.get_state()  # the order of this epoch's samples is drawn from it
        batches = iter(loader)
        for _ in range(done):  # seen before the stop
            next(batches)
        if random_state is not None:  # last of all: making the iterator draws a number as well
            torch.set_rng_state(random_state)
            random_state = None
        for x, target in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), target).backward()
            optimizer.step()
            scheduler.step()
            done += 1
            if epoch * len(loader) + done == stop:
                break
        if epoch * len(loader) + done == stop:
            break
        done = 0

    state = {
        "net": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "epoch": epoch, "done": done,
        "order": order, "random_state": torch.get_rng_state(),
    }  # fmt: skip
    torch.save(state, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("path")
    parser.add_argument("--stop", type=int)
    arguments = parser.parse_args()
    run(importlib.import_module(arguments.library), arguments.path, arguments.stop)
