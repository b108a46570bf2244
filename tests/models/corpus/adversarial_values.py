"""Models that a batch changes through values, state, chance or the form of their results, and models
whose answers tell nothing.
"""

from typing import Dict, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from corpus.mixing import WIDTH, Mixes, mixing


class TrainBatchNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.Linear(WIDTH, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class BatchStatistics(Mixes):
    """A batch norm without running statistics takes the batch's even in eval mode."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(WIDTH, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.fc(x))


class ValueBranch(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if bool(x.max() > 6):
            y = y * 2
        return y


class FirstValueBranch(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if x[0, 0] > 0:
            y = y + 1
        return y


class ReadsItem(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * float(x[0, 0].item())


class KeepsNonZero(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)[torch.nonzero(x[:, 0] > 0).squeeze(1)]


class Noise(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + 0.1 * torch.randn(x.size(0), 8)


class HiddenNoise(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + torch.empty_like(y).uniform_(0.0, 0.1)


class FunctionalDropout(Mixes):
    """Dropout that eval() does not switch off."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.fc(x), 0.5, True)


class Counter(Mixes):
    calls: int

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.fc(x) + self.calls


class RunningMean(Mixes):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        self.seen.mul_(0.9).add_(0.1 * y[0])
        return y - self.seen


class WholeSum(Mixes):
    """No batch dimension in the result."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).sum()


class TransposedResult(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).t()


class SizeResult(Mixes):
    def forward(self, x: Tensor) -> Tuple[Tensor, int]:
        return self.fc(x), x.size(0)


class DeadUnits(Mixes):
    """Zeros, whatever it is sent: equal answers prove nothing."""

    def __init__(self):
        super().__init__()
        nn.init.constant_(self.fc.bias, -1e9)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.fc(x))
        return y * y.mean(0)


class NotNumbers(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * float("nan")


class Infinite(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) / torch.zeros(8)


class WritesInput(Mixes):
    """The first row of the input is written before it is used."""

    def forward(self, x: Tensor) -> Tensor:
        x[0] = x.mean(0)
        return self.fc(x)


class PackedSequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(WIDTH, 4, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(
            x.unsqueeze(1).repeat(1, 3, 1), lengths, batch_first=True, enforce_sorted=False)
        return self.rnn(packed)[1][0]


class SharedDictionary(Mixes):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        y = self.fc(x)
        return {"rows": y, "mean": y.mean(0, keepdim=True).expand_as(y)}


class LongestText(nn.Module):
    """Pads to the longest of the batch, and counts the padding."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 4)

    def forward(self, ids: Tensor) -> Tensor:
        longest = int((ids > 0).sum(1).max())
        return self.table(ids[:, :longest]).mean(1)


class ReturnsNumbers(Mixes):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return self.fc(x), torch.arange(x.size(0))


def dynamic():
    model = nn.Sequential(nn.Linear(WIDTH, 16), nn.ReLU(), nn.Linear(16, 4)).eval()
    return torch.jit.script(torch.ao.quantization.quantize_dynamic(model, {nn.Linear}))


def train_mode():
    model = TrainBatchNorm().train()
    return torch.jit.trace(model, torch.randn(4, WIDTH), check_trace=False)


def dropout_in_trace():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.5)).train()
    return torch.jit.trace(model, torch.randn(4, WIDTH), check_trace=False)


CASES = [
    mixing("train_mode_traced", train_mode),
    mixing("dropout_traced", dropout_in_trace),
    mixing("batch_statistics", BatchStatistics),
    mixing("value_branch", ValueBranch),
    mixing("first_value_branch", FirstValueBranch),
    mixing("reads_item", ReadsItem),
    mixing("keeps_nonzero", KeepsNonZero),
    mixing("noise", Noise),
    mixing("hidden_noise", HiddenNoise),
    mixing("functional_dropout", FunctionalDropout),
    mixing("counter", Counter),
    mixing("running_mean", RunningMean),
    mixing("whole_sum", WholeSum),
    mixing("transposed_result", TransposedResult),
    mixing("size_result", SizeResult),
    mixing("dead_units", DeadUnits),
    mixing("not_numbers", NotNumbers),
    mixing("infinite", Infinite),
    mixing("writes_input", WritesInput),
    mixing("packed_sequences", PackedSequences, lambda n: [torch.randn(n, WIDTH), torch.full((n,), 3)]),
    mixing("shared_dictionary", SharedDictionary),
    mixing("longest_text", LongestText, lambda n: [torch.randint(0, 20, (n, 6))]),
    mixing("returns_numbers", ReturnsNumbers),
    mixing("dynamic_quantised", dynamic),
]
