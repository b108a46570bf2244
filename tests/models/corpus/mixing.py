"""What the adversarial models have in common: none of them may be called proven."""

import torch
from torch import nn

from corpus.case import Case

WIDTH = 8


class Mixes(nn.Module):
    """A layer; what mixes its rows comes after it."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)


def rows(n):
    return [torch.randn(n, WIDTH)]


def mixing(name, build, of=rows, trace=False):
    return Case(name, build, [], of, batchable=False, trace=trace)
