#!/usr/bin/env python3
"""Writes models that a server must not be fooled by: make_adversarial.py DIR [--only a,b].

Refused or not proven for merging:
  batch_mean    adds 1e-4 x the batch's mean to every row
  branch        answers otherwise when any value of the batch is above 6
  train_mode    traced in training mode: dropout and batch_norm of the batch are in the graph
  random        adds noise
  dead_relu     answers zeros whatever it is sent, so that equal answers prove nothing
  counter       counts its calls in an attribute
Others:
  several       x -> (x, {"double": 2x})
  slow          about two seconds a call on one thread
"""

import argparse
import os
import warnings
from typing import Dict, Tuple

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")


class BatchMean(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        return y + 1e-4 * y.mean(0, keepdim=True)


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        if bool(x.max() > 6):
            y = y * 2
        return y


class Random(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + torch.rand([x.size(0), 4])


class DeadRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)
        nn.init.constant_(self.linear.bias, -1e9)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.linear(x))


class Counter(nn.Module):
    calls: int

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.linear(x) + self.calls


class Several(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
        return x, {"double": x * 2}


class Slow(nn.Module):
    def __init__(self, rounds: int):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(512))
        self.rounds = rounds

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.max() > 1e30):  # refused merging, so that no proof spends its time on it
            x = x * 2
        work = self.weight
        for _ in range(self.rounds):
            work = torch.matmul(work, self.weight)
        return x + work[0, 1]


def train_mode():
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 4))
    return torch.jit.trace(model.train(), torch.randn(4, 8), check_trace=False)


def slow():
    """Calibrated on this machine with one thread, so that a test need not guess."""
    import time

    torch.set_num_threads(1)
    weight = torch.eye(512)
    torch.matmul(weight, weight)
    started = time.perf_counter()
    for _ in range(50):
        torch.matmul(weight, weight)
    rounds = int(2.0 / ((time.perf_counter() - started) / 50))
    return torch.jit.script(Slow(rounds).eval())


MODELS = {
    "batch_mean": lambda: torch.jit.trace(BatchMean().eval(), torch.randn(3, 8)),
    "branch": lambda: torch.jit.script(Branch().eval()),
    "train_mode": train_mode,
    "random": lambda: torch.jit.script(Random().eval()),
    "dead_relu": lambda: torch.jit.trace(DeadRelu().eval(), torch.randn(3, 8)),
    "counter": lambda: torch.jit.script(Counter().eval()),
    "several": lambda: torch.jit.script(Several().eval()),
    "slow": slow,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--only", default=",".join(MODELS), help="names, comma-separated")
    arguments = parser.parse_args()
    os.makedirs(arguments.directory, exist_ok=True)
    for name in arguments.only.split(","):
        torch.manual_seed(7)
        torch.jit.save(MODELS[name](), os.path.join(arguments.directory, name + ".pt"))


if __name__ == "__main__":
    main()
