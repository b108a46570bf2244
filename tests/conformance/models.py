#!/usr/bin/env python3
"""Writes the models of the conformance suite: models.py DIR.

Their weights are small multiples of powers of two, so that right answers are exact in FP32 and the
tests can compute them without LibTorch (expected.py).

  linear        Linear(10, 5), traced
  embedding     looks up INT64 ids, of which there are 50
  control_flow  forward(x, use_second_layer: bool)
  text          forward(x, mode: str): mode "double" doubles
  add           (a, b) -> a + b
  several       x -> {"double": 2x, "half": x / 2}
  echo          x -> x, of any datatype and shape
  raises        raises its own error
  hog           asks for more memory than there is
  slow          about a second a call on one thread; never merged
  broken        not a TorchScript file
"""

import os
import sys
import warnings
from typing import Dict

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")


def grid(rows, columns, seed):
    """Multiples of 1/8 between -1 and 1, the same ones as expected.grid."""
    return torch.tensor([[((i * 7 + j * 3 + seed) % 17 - 8) / 8 for j in range(columns)]
                         for i in range(rows)])


def exact_linear(inputs, outputs, seed):
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(grid(outputs, inputs, seed))
        layer.bias.copy_(grid(1, outputs, seed + 1)[0])
    return layer.eval()


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 4)
        with torch.no_grad():
            self.table.weight.copy_(grid(50, 4, 5))

    def forward(self, ids: Tensor) -> Tensor:
        return self.table(ids)


class ControlFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = exact_linear(8, 8, 2)
        self.second = exact_linear(8, 8, 4)

    def forward(self, x: Tensor, use_second_layer: bool) -> Tensor:
        x = torch.relu(self.first(x))
        if use_second_layer:
            x = torch.relu(self.second(x))
        return x


class Text(nn.Module):
    def forward(self, x: Tensor, mode: str) -> Tensor:
        if mode == "double":
            return x * 2
        return x * 1


class Add(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Several(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"double": x * 2, "half": x / 2}


class Echo(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool((x < 0).any()):
            raise ValueError("no negative values, please")
        return x * 1


class Hog(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([x.size(0), 1 << 46]).sum(1)


class Slow(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(256))

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.max() > 1e30):  # a branch on values: refused merging
            x = x * 2
        work = self.weight
        for _ in range(1500):
            work = torch.matmul(work, self.weight)
        return x + (work[0, 0] - work[0, 0])


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    models = {
        "linear": torch.jit.trace(exact_linear(10, 5, 0), torch.randn(1, 10)),
        "embedding": torch.jit.script(Embedding().eval()),
        "control_flow": torch.jit.script(ControlFlow().eval()),
        "text": torch.jit.script(Text().eval()),
        "add": torch.jit.script(Add().eval()),
        "several": torch.jit.script(Several().eval()),
        "echo": torch.jit.script(Echo().eval()),
        "raises": torch.jit.script(Raises().eval()),
        "hog": torch.jit.script(Hog().eval()),
        "slow": torch.jit.script(Slow().eval()),
    }
    for name, model in models.items():
        torch.jit.save(model, os.path.join(directory, name + ".pt"))
    with open(os.path.join(directory, "broken.pt"), "wb") as file:
        file.write(b"PK\x03\x04 this is no model")


if __name__ == "__main__":
    main()
