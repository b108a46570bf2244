#!/usr/bin/env python3
"""Writes the models of test_failing_alone.py: failing_models.py DIR. What an id may be is not in their
graphs, so that a bad one gets as far as the run."""

import os
import random
import sys
import warnings
import zipfile

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")

DAMAGED = 5  # so many copies of one model


class Shifted(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 4)
        with torch.no_grad():
            self.table.weight.copy_(torch.arange(200.0).reshape(50, 4))

    def look_up(self, ids: Tensor) -> Tensor:
        return self.table(ids + 1)  # shifted

    def forward(self, ids: Tensor) -> Tensor:
        return self.look_up(ids)


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool((x < 0).any()):
            raise ValueError("no negative values, please")
        return x


def damage(source, target, number):
    """A copy whose records of the author's source are wrong in a different way for each number."""
    chance = random.Random(number)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            data = bytearray(old.read(entry))
            if entry.filename.endswith(".debug_pkl") and number == 0:
                length = data.index(b"X") + 1  # of a text: two gigabytes
                data[length:length + 4] = b"\xff\xff\xff\x7f"
            elif entry.filename.endswith(".debug_pkl"):
                for _ in range(1 + number):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                del data[len(data) - number % 3 * chance.randrange(1, len(data)):]
            new.writestr(entry.filename, bytes(data))


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    model = Shifted().eval()
    torch.jit.script(model).save(os.path.join(directory, "scripted.pt"))
    for number in range(DAMAGED):
        damage(os.path.join(directory, "scripted.pt"), os.path.join(directory, f"damaged{number}.pt"), number)
    torch.jit.trace(model, torch.tensor([[1, 2]])).save(os.path.join(directory, "traced.pt"))
    torch.jit.script(Raises()).save(os.path.join(directory, "raises.pt"))


if __name__ == "__main__":
    main()
