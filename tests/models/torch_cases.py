#!/usr/bin/env python3
"""Writes the models of the LibTorch backend's tests: torch_cases.py DIR.

Every case is a file DIR/<name>.pt and an entry of DIR/cases.json that says what the backend must
find out about it: the signature, the static gate's verdict, results for given items, or the words
with which the file must be refused.
"""

import argparse
import io
import json
import os
import pickle
import re
import struct
import sys
import warnings
import zipfile
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")

FLOATS = ["FP32"]
INTEGERS = ["UINT8", "INT8", "INT16", "INT32", "INT64"]
IDS = ["INT64", "INT32"]

DTYPES = {
    torch.float32: "FP32",
    torch.float64: "FP64",
    torch.float16: "FP16",
    torch.bfloat16: "BF16",
    torch.int64: "INT64",
    torch.int32: "INT32",
    torch.int16: "INT16",
    torch.int8: "INT8",
    torch.uint8: "UINT8",
    torch.bool: "BOOL",
}


# ---- Models whose signature is known ---------------------------------------------------------


class Scaled(nn.Module):
    """An image divided by a number: integers are promoted before the convolution."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        return torch.relu(self.conv(image / 255.0))


class ChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        return self.conv(image.permute(0, 3, 1, 2)).mean(dim=[2, 3])


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.rnn = nn.LSTM(16, 8, batch_first=True, bidirectional=True)
        self.head = nn.Linear(16, 5)

    def forward(self, ids: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(ids))
        return torch.log_softmax(self.head(states), dim=-1)


class TwoTowers(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(50, 8)
        self.item = nn.Embedding(70, 8)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return (self.user(user) * self.item(item)).sum(dim=1)


class WideAndDeep(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 4)
        self.deep = nn.Linear(12 + 4, 8)
        self.norm = nn.LayerNorm(12)
        self.out = nn.Linear(8, 1)

    def forward(self, dense: Tensor, category: Tensor) -> Tensor:
        x = torch.cat([self.norm(dense), self.embedding(category)], dim=1)
        return torch.sigmoid(self.out(torch.relu(self.deep(x))))


class Casts(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.float())


class DoubleModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class HalfConv1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(5, 7, 3).half()

    def forward(self, signal: Tensor) -> Tensor:
        return self.conv(signal)


class Sequence(nn.Module):
    """Time last for the convolution, time in the middle for the caller."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(5, 7, 3, padding=1)
        self.norm = nn.BatchNorm1d(7)

    def forward(self, series: Tensor) -> Tensor:
        return self.norm(self.conv(series.transpose(1, 2)))


class Volume(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 3, 3)
        self.norm = nn.BatchNorm3d(3)

    def forward(self, volume: Tensor) -> Tensor:
        return torch.nn.functional.gelu(self.norm(self.conv(volume)))


class Gray(nn.Module):
    """A picture without a channel; the model adds it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 3)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.pool(torch.relu(self.conv(picture.unsqueeze(1))))
        return self.head(x.view(x.size(0), -1))


class Flattens(nn.Module):
    """The shape before view is anybody's guess; the datatype is not."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc(x.view(-1, 784)), dim=1)


class Branches(nn.Module):
    """The branches want different last dimensions: nothing may be said of them."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)
        self.b = nn.Linear(8, 2)

    def forward(self, x: Tensor, wide: bool = False) -> Tensor:
        if wide:
            return self.b(x)
        return self.a(x)


class SameInBranches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)
        self.b = nn.Linear(4, 2)

    def forward(self, x: Tensor, second: bool = False) -> Tensor:
        if second:
            return self.b(x)
        return self.a(x)


class Normalised(nn.Module):
    """Statistics with a batch dimension: a picture without one is no batch, one channel is as good."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.rand(1, 3, 1, 1))
        self.register_buffer("std", torch.rand(1, 3, 1, 1) + 0.5)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        return self.conv((image - self.mean) / self.std)


class SingleGru(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.rnn(x)
        return last.squeeze(0)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.norm = nn.LayerNorm(16)

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size(0), x.size(1), x.size(2)
        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        q = q.view(b, t, 4, c // 4).transpose(1, 2)
        k = k.view(b, t, 4, c // 4).transpose(1, 2)
        v = v.view(b, t, 4, c // 4).transpose(1, 2)
        scores = torch.softmax(q @ k.transpose(-2, -1) / 2.0, dim=-1)
        return x + self.out((scores @ v).transpose(1, 2).reshape(b, t, c))


class TinyViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, stride=4)
        self.cls = nn.Parameter(torch.randn(1, 1, 16))
        self.position = nn.Parameter(torch.randn(1, 5, 16))
        self.block = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patch(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.size(0), -1, -1), x], dim=1) + self.position
        return self.head(self.block(x)[:, 0])


class PlainMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(10, 16), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm1d(16), nn.Linear(16, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Causal(nn.Module):
    """Attention with a mask that is a constant."""

    def __init__(self):
        super().__init__()
        self.q = nn.Linear(16, 16)
        self.k = nn.Linear(16, 16)
        self.v = nn.Linear(16, 16)
        self.register_buffer("mask", torch.tril(torch.ones(32, 32)).view(1, 1, 32, 32))

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size()
        q = self.q(x).view(b, t, 4, c // 4).transpose(1, 2)
        k = self.k(x).view(b, t, 4, c // 4).transpose(1, 2)
        v = self.v(x).view(b, t, 4, c // 4).transpose(1, 2)
        scores = (q @ k.transpose(-2, -1)) * 0.5
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        return (torch.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, c)


class Recommender(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(n, 4) for n in (10, 20, 30)])
        self.mlp = nn.Sequential(nn.Linear(12 + 5, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, dense: Tensor, categories: Tensor) -> Tensor:
        parts: List[Tensor] = []
        for i, table in enumerate(self.tables):
            parts.append(table(categories[:, i]))
        parts.append(dense)
        return self.mlp(torch.cat(parts, 1)).squeeze(1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(100, 32)
        self.places = nn.Embedding(64, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.size(1)))
        return self.head(self.layers(x).mean(dim=1))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.deeper = nn.Conv2d(8, 16, 3, padding=1, stride=2)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.down(x))
        b = self.up(torch.relu(self.deeper(a)))
        if b.shape[-1] != a.shape[-1]:
            b = nn.functional.interpolate(b, size=a.shape[-2:])
        return torch.sigmoid(self.out(torch.cat([a, b], 1)))


class LstmStates(nn.Module):
    """The states have their batch in dimension 1."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 6, batch_first=True)

    def forward(self, x: Tensor):
        output, (h, c) = self.rnn(x)
        return output, h, c


class Contrastive(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 8)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.fc(a) @ self.fc(b).t()


class Pairwise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(0) - x.unsqueeze(1)).sum(1)


class DividesBySize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.size(0)


class WritesRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 1
        y[0] = 0.0
        return y


class WritesColumn(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        y[:, 0] = 0.0
        y[:, 1] = x[:, 2]
        return y


class Reshuffles(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.t().reshape(x.size(0), -1)


# ---- Models that the gate must or must not let through ----------------------------------------


class BatchMean(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + 1e-4 * x.mean(dim=0)


class Normalises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.max()


class MaxBranch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.max() > 6):
            return x * 2
        return x


class SizeBranch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(0) > 3:
            return x * 2
        return x


class TrainDropout(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.dropout(x, 0.5, True)


class TrainBatchNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("var", torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.batch_norm(x, self.mean, self.var, None, None, True)


class BatchStatistics(nn.Module):
    """No running statistics: eval mode uses the batch's."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


class InPlaceNoise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.zeros_like(x).normal_()


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + self.calls


class TensorCounter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        return x + self.calls


class ListState(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen: List[int] = [0]

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.size(1))
        return x * 1.0


class SelectsRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - x[0]


class SoftmaxRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x, dim=0)


class Gram(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x @ x.t() @ x


class Cumulative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(x, 0)


class RowNumbers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.size(0)).unsqueeze(1)


class FixedBatch(nn.Module):
    """Traced with one row, which is then written into the graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(1, -1)


class Mask(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0]


class DataLoop(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(int(x[0, 0])):
            x = x * 2
        return x


class Squeezes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze() * 2


class DynamicQuantised(nn.Module):
    """Dynamic quantization takes its scale from the whole batch."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class UnknownOperator(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.inv(x)


class HiddenMix(nn.Module):
    """A permutation, then a mean over what had been the batch."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.transpose(0, 1).mean(dim=1)


class Rolls(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.roll(x, 1, 0)


class ScriptedRnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 5)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), 5)
        steps: List[Tensor] = []
        for i in range(x.size(1)):
            h = self.cell(x[:, i], h)
            steps.append(h)
        return torch.stack(steps, dim=1)


class PositionalConstant(nn.Module):
    """A constant for each of eight rows: right for eight rows only."""

    def __init__(self):
        super().__init__()
        self.register_buffer("offset", torch.rand(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), 4) + self.offset


# ---- Models whose results are compared --------------------------------------------------------


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


class ManyTypes(nn.Module):
    def forward(
        self,
        x: Tensor,
        scale: float,
        repeat: int,
        name: str,
        flag: bool,
        bias: Optional[Tensor] = None,
        power: int = 1,
    ) -> Dict[str, Tensor]:
        y = x * scale
        for _ in range(repeat):
            y = y + 1
        if flag:
            y = -y
        if bias is not None:
            y = y + bias
        return {name: y, "power": y**power}


class Named(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x + 1, x * 2)


class Nested(nn.Module):
    def forward(self, xs: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
        return xs[0] + xs[1], [x * 2 for x in xs]


class Parts(nn.Module):
    def forward(self, pair: Pair, groups: Dict[str, List[Tensor]], size: Tuple[Tensor, int],
                names: Optional[List[str]] = None) -> Tensor:
        total = pair.first + pair.second + size[0] * size[1]
        for name, group in groups.items():
            for tensor in group:
                total = total + tensor * len(name)
        return total


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class ReturnsWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight


class WritesInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x


class SeveralMethods(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return self.twice(x) + 1

    @torch.jit.export
    def twice(self, x: Tensor) -> Tensor:
        return x * 2


class Scalars(nn.Module):
    def forward(self, x: Tensor) -> Tuple[int, float, str, bool]:
        return x.size(0), 2.5, "text", True


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) > 3:
            raise ValueError("at most 3 columns")
        return x


class Lookup(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)

    def forward(self, ids: Tensor) -> Tensor:
        return self.embedding(ids)


class Greedy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([x.size(0), 1 << 20, 1 << 20]) + 1


class DropsRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sum(dim=0)


class Restores(nn.Module):
    """An honest __setstate__, as quantized and packed layers have."""

    def __init__(self):
        super().__init__()
        self.weight = torch.ones(3)
        self.training = False

    @torch.jit.export
    def __getstate__(self):
        return (self.weight, self.training)

    @torch.jit.export
    def __setstate__(self, state: Tuple[Tensor, bool]):
        self.weight = state[0] * 2
        self.training = state[1]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight


# ---- Hostile files ----------------------------------------------------------------------------


class WritesFileOnLoad(nn.Module):
    def __init__(self):
        super().__init__()
        self.training = False

    @torch.jit.export
    def __getstate__(self):
        return self.training

    @torch.jit.export
    def __setstate__(self, training: bool):
        planted = torch.from_file("PATH", True, 16, dtype=torch.uint8)
        self.training = training and planted.size(0) > 0

    def forward(self, x: Tensor) -> Tensor:
        return x


class ReadsFile(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.from_file("/etc/hostname", False, 4, dtype=torch.uint8)


class SavesTensor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(0) > 1000:
            torch.save(x, "/tmp/never")
        return x


class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_file("/etc/hostname", False, 4, dtype=torch.uint8)


class HiddenInSubmodule(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            if x.size(0) > 5:
                x = x + self.inner(x)
        return x


class Writer:
    def __init__(self, directory):
        self.directory = directory
        self.cases = {"signature": [], "gate": [], "results": [], "failures": [], "refused": []}

    def path(self, name):
        return os.path.join(self.directory, name)

    def finish(self, name):
        """Writes what was said of the files, whole or not at all."""
        with open(self.path(name + ".partial"), "w", encoding="utf-8") as file:
            json.dump(self.cases, file)
        os.replace(self.path(name + ".partial"), self.path(name))

    def save(self, name, module, example=None):
        module = module.eval()
        if example is not None:
            module = torch.jit.trace(module, example, check_trace=False)
        elif not isinstance(module, torch.jit.ScriptModule):
            module = torch.jit.script(module)
        module.save(self.path(name + ".pt"))
        return torch.jit.load(self.path(name + ".pt"))

    def signature(self, name, module, arguments, results=None, example=None):
        self.save(name, module, example)
        self.cases["signature"].append(
            {"model": name, "arguments": arguments, "results": results or []}
        )

    def gate(self, name, module, verdict, says="", example=None, writes_state=False):
        self.save(name, module, example)
        self.cases["gate"].append(
            {"model": name, "verdict": verdict, "says": says, "writes_state": writes_state}
        )

    def results(self, name, module, items, method="forward", example=None):
        """Each item is run alone in Python; the backend must give the same, alone and merged."""
        loaded = self.save(name, module, example)
        expected = [getattr(loaded, method)(*clone(item)) for item in items]
        self.cases["results"].append(
            {
                "model": name,
                "method": method,
                "items": [[encode(value) for value in item] for item in items],
                "expected": [encode(value) for value in expected],
            }
        )

    def failure(self, name, module, item, code, says, where="", example=None):
        self.save(name, module, example)
        self.cases["failures"].append(
            {"model": name, "item": [encode(value) for value in item], "code": code, "says": says,
             "where": where}
        )

    def refused(self, name, says, data=None):
        if data is not None:
            with open(self.path(name), "wb") as file:
                file.write(data)
        self.cases["refused"].append({"file": name, "says": says})


def clone(item):
    return [
        value.clone()
        if isinstance(value, Tensor)
        else [element.clone() for element in value]
        if isinstance(value, list)
        else value
        for value in item
    ]


def encode(value):
    """A value as JSON that the test reads back; tensors with their exact bytes."""
    if value is None:
        return {"none": True}
    if isinstance(value, Tensor):
        value = value.detach().contiguous()
        raw = value.view(torch.uint8) if value.dim() else value.reshape(1).view(torch.uint8)
        return {
            "dtype": DTYPES[value.dtype],
            "shape": list(value.shape),
            "bytes": bytes(raw.flatten().tolist()).hex(),
        }
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float):
        return {"float": value}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, dict):
        return {"dict": [[key, encode(element)] for key, element in value.items()]}
    if isinstance(value, tuple):
        return {
            "tuple": [encode(element) for element in value],
            "names": list(getattr(value, "_fields", [])),
        }
    return {"list": [encode(element) for element in value]}


def fact(name, dtype=None, accepted=None, dims=None, any_rank=False, index_limit=None):
    return {
        "name": name,
        "dtype": dtype,
        "accepted": sorted(accepted or []),
        "dims": dims,
        "any_rank": any_rank,
        "index_limit": index_limit,
    }


def write_signatures(writer):
    promoted = FLOATS + INTEGERS + ["UINT16", "UINT32", "UINT64"]
    normed = FLOATS + ["FP16", "BF16"]
    writer.signature(
        "linear_traced",
        nn.Linear(10, 5),
        [fact("input", "FP32", FLOATS, [-1, 10], True)],
        [fact("output", "FP32", None, [-1, 5], True)],
        torch.randn(1, 10),
    )
    writer.signature(
        "scaled", Scaled(), [fact("image", "FP32", promoted + ["BOOL"], [-1, 3, -1, -1])],
        [fact("output", "FP32", None, [-1, 4, -1, -1])],
    )
    writer.signature(
        "channels_last", ChannelsLast(), [fact("image", "FP32", FLOATS, [-1, -1, -1, 3])],
        [fact("output", "FP32", None, [-1, 4])],
    )
    writer.signature("tagger", Tagger(), [fact("ids", "INT64", IDS, None, False, 100)])
    writer.signature(
        "two_towers", TwoTowers(),
        [fact("user", "INT64", IDS, None, False, 50), fact("item", "INT64", IDS, None, False, 70)],
    )
    writer.signature(
        "wide_and_deep", WideAndDeep(),
        [fact("dense", "FP32", normed, [-1, 12], True),
         fact("category", "INT64", IDS, None, False, 20)],
    )
    writer.signature("casts", Casts(), [fact("x", "FP32", None, [-1, 6], True)])
    writer.signature("double", DoubleModel(), [fact("x", "FP64", ["FP64"], [-1, 6], True)])
    writer.signature("half", HalfConv1d(), [fact("signal", "FP16", ["FP16"], [-1, 5, -1])])
    writer.signature("sequence", Sequence(), [fact("series", "FP32", FLOATS, [-1, -1, 5])])
    writer.signature("volume", Volume(), [fact("volume", "FP32", FLOATS, [-1, 2, -1, -1, -1])])
    writer.signature(
        "gray", Gray(), [fact("picture", "FP32", FLOATS, [-1, -1, -1])],
        [fact("output", "FP32", None, [-1, 3])],
    )
    writer.signature(
        "flattens", Flattens(), [fact("x", "FP32", FLOATS)],
        [fact("output", "FP32", None, [-1, 10])],
    )
    writer.signature("branches", Branches(), [fact("x", "FP32", FLOATS), fact("wide")])
    writer.signature(
        "same_in_branches", SameInBranches(),
        [fact("x", "FP32", FLOATS, [-1, 4], True), fact("second")],
    )
    writer.signature("normalised", Normalised(),
                     [fact("image", "FP32", promoted + ["FP16", "BF16"], [-1, -1, -1, -1])])
    writer.signature("gru", SingleGru(), [fact("x", "FP32", FLOATS, [-1, -1, 6])])
    writer.signature("attention", Attention(), [fact("x", "FP32", FLOATS, [-1, -1, 16])])
    writer.signature("vit_traced", TinyViT(), [fact("image", "FP32", FLOATS, [-1, 3, -1, -1])],
                     None, torch.randn(2, 3, 8, 8))
    writer.signature("mlp", PlainMlp(), [fact("x", "FP32", FLOATS, [-1, 10], True)],
                     [fact("output", "FP32", None, [-1, 3], True)])
    writer.signature("identity_any", Identity(), [fact("x")])


def write_gates(writer):
    for name, module in [
        ("proven_scaled", Scaled()),
        ("proven_channels_last", ChannelsLast()),
        ("proven_tagger", Tagger()),
        ("proven_two_towers", TwoTowers()),
        ("proven_wide_and_deep", WideAndDeep()),
        ("proven_sequence", Sequence()),
        ("proven_volume", Volume()),
        ("proven_gray", Gray()),
        ("proven_flattens", Flattens()),
        ("proven_branches", Branches()),
        ("proven_normalised", Normalised()),
        ("proven_gru", SingleGru()),
        ("proven_attention", Attention()),
        ("proven_mlp", PlainMlp()),
        ("proven_rnn", ScriptedRnn()),
        ("proven_many_types", ManyTypes()),
        ("proven_named", Named()),
    ]:
        writer.gate(name, module, "proven")
    writer.gate("proven_linear", nn.Linear(10, 5), "proven", example=torch.randn(1, 10))
    writer.gate("proven_mlp_traced", PlainMlp(), "proven", example=torch.randn(2, 10))
    writer.gate("proven_attention_traced", Attention(), "proven", example=torch.randn(2, 3, 16))

    writer.gate("proven_causal", Causal(), "proven")
    writer.gate("proven_recommender", Recommender(), "proven")
    writer.gate("proven_unet", UNet(), "proven")
    writer.gate("proven_writes_column", WritesColumn(), "proven")
    ids = torch.randint(0, 100, (2, 7))
    writer.gate("proven_encoder_traced", Encoder(), "proven", example=ids)
    writer.gate("proven_vit_traced", TinyViT(), "proven", example=torch.randn(2, 3, 8, 8))
    writer.gate("lstm_states", LstmStates(), "refused", "dimension 1")
    writer.gate("contrastive", Contrastive(), "refused", "aten::matmul")
    writer.gate("pairwise", Pairwise(), "refused", "aten::sub")
    writer.gate("divides_by_size", DividesBySize(), "refused", "aten::div")
    writer.gate("writes_row", WritesRow(), "refused", "aten::select")
    writer.gate("reshuffles", Reshuffles(), "refused", "aten::reshape")

    writer.gate("batch_mean", BatchMean(), "refused", "aten::mean")
    writer.gate("normalises", Normalises(), "refused", "aten::max")
    writer.gate("max_branch", MaxBranch(), "refused", "")
    writer.gate("size_branch", SizeBranch(), "refused", "size")
    writer.gate("train_dropout", TrainDropout(), "refused", "aten::dropout")
    writer.gate("train_batch_norm", TrainBatchNorm(), "refused", "aten::batch_norm",
                writes_state=True)
    writer.gate("batch_statistics", BatchStatistics(), "refused", "aten::batch_norm")
    writer.gate("noise", Noise(), "refused", "aten::rand_like")
    writer.gate("in_place_noise", InPlaceNoise(), "refused", "aten::normal_")
    writer.gate("counter", Counter(), "refused", "calls", writes_state=True)
    writer.gate("tensor_counter", TensorCounter(), "refused", "aten::add_", writes_state=True)
    writer.gate("list_state", ListState(), "refused", "aten::append", writes_state=True)
    writer.gate("selects_row", SelectsRow(), "refused", "aten::select")
    writer.gate("softmax_rows", SoftmaxRows(), "refused", "aten::softmax")
    writer.gate("gram", Gram(), "refused", "aten::matmul")
    writer.gate("cumulative", Cumulative(), "refused", "aten::cumsum")
    writer.gate("row_numbers", RowNumbers(), "refused", "takes numbers of the rows")
    writer.gate("fixed_batch", FixedBatch(), "refused", "aten::view", example=torch.randn(1, 4))
    writer.gate("mask", Mask(), "refused", "aten::index")
    writer.gate("data_loop", DataLoop(), "refused", "")
    writer.gate("squeezes", Squeezes(), "refused", "aten::squeeze")
    writer.gate("hidden_mix", HiddenMix(), "refused", "aten::mean")
    writer.gate("rolls", Rolls(), "refused", "aten::roll")
    writer.gate("unknown_operator", UnknownOperator(), "unproven", "aten::linalg_inv")
    writer.gate("positional_constant", PositionalConstant(), "refused", "aten::add")
    writer.gate(
        "dynamic_quantised",
        torch.ao.quantization.quantize_dynamic(DynamicQuantised().eval(), {nn.Linear}),
        "refused", "quantized::linear_dynamic",
    )


def write_results(writer):
    torch.manual_seed(1)
    rows = [[torch.randn(1, 10)], [torch.randn(3, 10)], [torch.randn(2, 10)]]
    writer.results("linear", nn.Linear(10, 5), rows, example=torch.randn(1, 10))
    writer.results("mlp_results", PlainMlp(), rows)
    writer.results("image", Scaled(), [[torch.randn(n, 3, 8, 8)] for n in (1, 2)])
    writer.results("ids", Tagger(), [[torch.randint(0, 100, (n, 7))] for n in (1, 4)])
    writer.results("ids32", Tagger(), [[torch.randint(0, 100, (2, 7), dtype=torch.int32)]])
    writer.results(
        "many_types", ManyTypes(),
        [[torch.randn(n, 2), 1.5, 2, "y", True, None, 2] for n in (1, 2)],
    )
    writer.results(
        "optional_given", ManyTypes(),
        [[torch.randn(n, 2), 0.5, 0, "z", False, torch.randn(n, 2), 1] for n in (2, 1)],
    )
    writer.results("named", Named(), [[torch.randn(n, 2)] for n in (1, 2)])
    writer.results("nested", Nested(), [[[torch.randn(n, 2), torch.randn(n, 2)]] for n in (1, 2)])
    pair = Pair(torch.randn(2, 2), torch.randn(2, 2))  # alone: what comes in parts is never merged
    writer.results("parts", Parts(), [[pair, {"aa": [torch.randn(2, 2)]}, (torch.randn(2, 2), 3), None]])
    writer.results("identity", Identity(), [[torch.randn(2, 2)]])
    for dtype in DTYPES:
        name = "dtype_" + DTYPES[dtype].lower()
        writer.results(name, Identity(), [[torch.ones(2, 3).to(dtype)], [torch.zeros(1, 3).to(dtype)]])
    writer.results("weight", ReturnsWeight(), [[torch.randn(1)]])
    writer.results("writes_input", WritesInput(), [[torch.randn(n, 2)] for n in (1, 2)])
    writer.results("twice", SeveralMethods(), [[torch.randn(n, 2)] for n in (1, 2)], "twice")
    writer.results("scalars", Scalars(), [[torch.randn(2, 2)]])
    writer.results("restores", Restores(), [[torch.randn(n, 3)] for n in (1, 2)])
    writer.results("no_rows", nn.Linear(4, 2), [[torch.randn(0, 4)], [torch.randn(2, 4)]])
    quantised = torch.ao.quantization.quantize_dynamic(DynamicQuantised().eval(), {nn.Linear})
    writer.results("quantised", quantised, [[torch.randn(2, 8)]])


def line_of(function, offset):
    """The number of the line that many below `def`."""
    return function.__code__.co_firstlineno + offset


def write_failures(writer):
    invalid, internal, memory = "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED"
    writer.failure("wrong_columns", nn.Linear(10, 5), [torch.randn(1, 7)], invalid,
                   "mat1 and mat2 shapes cannot be multiplied (1x7 and 10x5)")
    writer.failure("lookup", Lookup(), [torch.tensor([[3, 10]])], invalid, "index out of range",
                   f"line {line_of(Lookup.forward, 1)} of torch_cases.py, in forward: 'return self.embedding(ids)'")
    writer.failure("lookup_traced", Lookup(), [torch.tensor([[3, 10]])], invalid, "index out of range",
                   f"line {line_of(Lookup.forward, 1)} of torch_cases.py, in forward)", torch.tensor([[1, 2]]))
    writer.failure("lookup_float", Lookup(), [torch.randn(2, 2)], invalid, "scalar type")
    writer.failure("wrong_channels", Scaled(), [torch.randn(1, 4, 8, 8)], invalid, "channels")
    writer.failure("raises", Raises(), [torch.randn(1, 4)], invalid,
                   "ValueError: at most 3 columns",
                   f"""line {line_of(Raises.forward, 2)} of torch_cases.py, in forward: 'raise ValueError("at most""")
    writer.failure("greedy", Greedy(), [torch.randn(1, 4)], memory, "memory")
    writer.failure("not_a_tensor", Identity(), ["text"], invalid, "Input 'x' must be a tensor")
    writer.failure("not_an_int", ManyTypes(),
                   [torch.randn(1, 2), 1.0, 1.5, "n", True, None, 1], invalid,
                   "Input 'repeat' must be of the type int")


def raw_zip(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def rewritten(path, change):
    """The archive at `path` with `change(name, data)` applied to each record."""
    with zipfile.ZipFile(path) as archive:
        return raw_zip([(name, change(name, archive.read(name))) for name in archive.namelist()])


class Namespace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


def write_overgrown(writer):
    """Code that would overflow a parser's stack, or memory once its calls are inlined."""
    call, template = b"return torch.relu(x)", writer.path("relu.template")
    deep = 100000

    def functions(count, body):
        calls = [b"torch.neg(x)", *(body.replace(b"%d", b"%d" % i) for i in range(count - 1))]
        return b"".join(b"\n  def f%d(self: __torch__.Namespace,\n    x: Tensor) -> Tensor:\n    return %s\n" % pair
                        for pair in enumerate(calls))

    blocks = b"".join(b"    " + b" " * i + b"if True:\n" for i in range(300))
    for name, says, code in [
        ("brackets", "nests too deeply", b"return " + b"(" * deep + b"x" + b")" * deep),
        ("calls", "nests too deeply", b"return " + b"torch.neg(" * deep + b"x" + b")" * deep),
        ("sums", "nests too deeply", b"return x" + b" + x" * deep),
        ("comparisons", "nests too deeply", b"return x" + b" == x" * deep),
        ("negations", "nests too deeply", b"return " + b"-" * deep + b"x"),
        ("lists", "nests too deeply", b"return " + b"[" * deep + b"x" + b"]" * deep),
        ("blocks", "nests too deeply", blocks.lstrip() + b" " * 304 + b"pass\n    return x"),
        ("doubling", "inlined", b"return (self).f39(x, )\n" + functions(40, b"(self).f%d((self).f%d(x, ), )")),
        ("chain", "200 deep", b"return (self).f8999(x, )\n" + functions(9000, b"(self).f%d(x, )")),
        ("functions", "nests too deeply", b"return (self).f89999(x, )\n" + functions(90000, b"(self).f%d(x, )")),
    ]:
        def grow(_, data, code=code):
            owner = re.search(rb"class (\w+)\(Module\)", data)
            if owner is None or call not in data:
                return data
            self_type = re.search(rb"self: ([\w.]+)", data).group(1)
            return data.replace(call, code.replace(b"__torch__.Namespace", self_type))
        writer.refused(f"overgrown_{name}.pt", says, rewritten(template, grow))


def write_refused(writer):
    hostile = WritesFileOnLoad()
    # The file that would appear if the code ran.
    planted = writer.path("planted")
    torch.jit.script(hostile).save(writer.path("setstate.template"))
    writer.refused("setstate.pt", "aten::from_file", rewritten(
        writer.path("setstate.template"),
        lambda name, data: data.replace(b'"PATH"', json.dumps(planted).encode()),
    ))
    os.remove(writer.path("setstate.template"))
    for name, module, operator in [
        ("reads_file", ReadsFile(), "aten::from_file"),
        ("saves_tensor", SavesTensor(), "aten::save"),
        ("hidden", HiddenInSubmodule(), "aten::from_file"),
    ]:
        torch.jit.script(module.eval()).save(writer.path(name + ".pt"))
        writer.refused(name + ".pt", operator)

    torch.jit.script(Namespace()).save(writer.path("relu.template"))
    for name, operator in [("network", "ops.c10d.barrier"), ("foreign", "ops.torchvision.nms")]:
        writer.refused(name + ".pt", operator.replace("ops.", "").replace(".", "::"), rewritten(
            writer.path("relu.template"),
            lambda _, data: data.replace(b"torch.relu(x)", operator.encode() + b"(x, x, 0.5)"
                                         if "nms" in operator else b"ops._c10d_functional.all_reduce(x, \"sum\", \"0\")"),
        ))
    writer.cases["refused"][-2]["says"] = "_c10d_functional::all_reduce"
    write_overgrown(writer)
    # A storage that claims more bytes than its record has.
    torch.jit.script(nn.Linear(4, 3)).save(writer.path("linear.template"))
    writer.refused("short_storage.pt", "damaged", rewritten(
        writer.path("linear.template"),
        lambda name, data: data[:4] if "/data/" in name and len(data) == 48 else data,
    ))
    os.remove(writer.path("linear.template"))
    os.remove(writer.path("relu.template"))

    torch.save(nn.Linear(3, 2).state_dict(), writer.path("state_dict.pt"))
    writer.refused("state_dict.pt", "state_dict")
    torch.save(nn.Linear(3, 2), writer.path("eager.pt"))
    writer.refused("eager.pt", "an eager module")
    torch.save(nn.Linear(3, 2).state_dict(), writer.path("legacy.pt"),
               _use_new_zipfile_serialization=False)
    writer.refused("legacy.pt", "state_dict")
    program = torch.export.export(nn.Linear(3, 2), (torch.randn(1, 3),))
    torch.export.save(program, writer.path("exported.pt2"))
    writer.refused("exported.pt2", "torch.export")
    writer.refused("onnx.pt", "ONNX", b"\x08\x08\x12\x07pytorch\x1a\x052.0.0:\x80\x01")
    writer.refused("empty.pt", "empty", b"")
    writer.refused("text.pt", "not a TorchScript archive", b"hello, world\n")
    writer.refused("lfs.pt", "Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    writer.refused("flatbuffer.pt", "flatbuffer", b"\x1c\x00\x00\x00PTMF" + bytes(64))
    writer.refused("other.zip", "zip archive", raw_zip([("readme.txt", b"no model")]))
    weights = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    writer.refused("weights.safetensors", "safetensors",
                   struct.pack("<Q", len(weights)) + weights + bytes(4))
    writer.refused("pickle_only.pt", "pickle", pickle.dumps({"a": 1}, protocol=2))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", metavar="DIR")
    directory = parser.parse_args().directory
    os.makedirs(directory, exist_ok=True)
    torch.manual_seed(7)
    torch.set_num_threads(1)
    writer = Writer(directory)
    for write in (write_signatures, write_gates, write_results, write_failures, write_refused):
        write(writer)
    writer.finish("cases.json")


if __name__ == "__main__":
    sys.exit(main())
