#!/usr/bin/env python3
"""Writes the models of test_failing_alone.py: failing_models.py DIR. What an id may be is not in their
graphs, so that a bad one gets as far as the run."""

import os
import sys
import warnings

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")


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


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    model = Shifted().eval()
    torch.jit.script(model).save(os.path.join(directory, "scripted.pt"))
    torch.jit.trace(model, torch.tensor([[1, 2]])).save(os.path.join(directory, "traced.pt"))
    torch.jit.script(Raises()).save(os.path.join(directory, "raises.pt"))


if __name__ == "__main__":
    main()
