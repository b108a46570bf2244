"""Models whose operators reach from one row of a batch to another, each in its own way."""

from typing import List

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from corpus.mixing import WIDTH, Mixes, mixing


class BatchMean(Mixes):
    share: float

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + self.share * y.mean(0, keepdim=True)


class BatchMax(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y / y.abs().max()


class GlobalMaxPool(Mixes):
    """A pool over the batch as if it were a picture's side."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + F.adaptive_max_pool1d(y.t().unsqueeze(0), 1).squeeze(0).t()


class CumulativeSum(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(self.fc(x), dim=0)


class SortsRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(self.fc(x), dim=0)[0]


class RollsRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + 0.01 * torch.roll(y, 1, 0)


class ShiftsRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + F.pad(y, [0, 0, 1, 0])[:-1]


class FlipsRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).flip(0)


class SoftmaxOverRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc(x), dim=0)


class DefaultSoftmax(nn.Module):
    """nn.Softmax() without a dimension takes 0 of three dimensions."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x.view(x.size(0), 2, 4), 0)


class FirstRow(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y - y[0]


class OnlyFirstRow(Mixes):
    """Only the first row is changed, by what is in it."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x).clone()
        y[0] = y[0] * 2
        return y


class PastSixteen(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if x.size(0) > 16:
            y = y + y.mean(0)
        return y


class AtTheMaximum(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + y[0] if x.size(0) == 32 else y


class AtSevenRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + y[0] if x.size(0) == 7 else y


class PastSixteenByPlace(Mixes):
    """The seventeenth row and all after it."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return torch.cat([y[:16], y[16:] + y[:1] * 0.001], dim=0)


class PairsRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if x.size(0) % 2 == 0:
            y = y.reshape(-1, 16).flip(1).reshape(-1, 8)
        return y


class PairsRowsAlways(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([self.fc(x), x], dim=1)  # 16 wide: one row is a pair of its own
        pairs = y.reshape(-1, 2, 8)
        return torch.cumsum(pairs.reshape(-1, 8), 0).reshape(-1, 16)


class ScalesBySize(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) / x.size(0)


class AttentionOverRows(nn.Module):
    """batch_first forgotten: the rows attend to each other."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = x.view(x.size(0), 1, 8)
        return self.attention(y, y, y, need_weights=False)[0].flatten(1)


class RecurrentOverRows(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x.unsqueeze(1))[0].squeeze(1)


class InPlaceShift(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x).clone()
        y[1:].add_(x[:-1])
        return y


class Gram(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return torch.softmax(y @ y.t(), dim=1) @ y


class EinsumOverRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + torch.einsum("bi,ci->bc", y, y).sum(1, keepdim=True) * 0.001


class NormalisesAll(Mixes):
    """A layer norm over every dimension, the rows too."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(self.fc(x), [x.size(0), 8])


class ConvolvesRows(nn.Module):
    """The batch taken for a channel's length."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.t().unsqueeze(0)).squeeze(0).t()


class TopRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y * (y >= y.topk(1, dim=0)[0]).float()


class LoopsOverRows(Mixes):
    """Each row adds a little of the one before it."""

    def forward(self, x: Tensor) -> Tensor:
        rows: List[Tensor] = []
        before = torch.zeros(8)
        for i in range(x.size(0)):
            before = self.fc(x[i]) + 0.001 * before
            rows.append(before)
        return torch.stack(rows)


class NumbersRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.arange(x.size(0)).unsqueeze(1)


class Strided(Mixes):
    """The same memory, seen with other strides."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x).contiguous()
        return y.as_strided([x.size(0), 8], [1, x.size(0)])


class Distances(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return torch.cdist(y, y).sum(1, keepdim=True)


class ScattersRows(Mixes):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return torch.zeros_like(y).index_add(0, torch.zeros(x.size(0), dtype=torch.long), y) + y


class Centres(nn.Module):
    """A picture minus the batch's mean picture, a thousandth of it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x - 1e-3 * x.mean(dim=0)).mean([2, 3])


class RowBefore(Mixes):
    """Indexes by the row's number less one."""

    def forward(self, x: Tensor) -> Tensor:
        return x[torch.arange(x.size(0)) - 1] + self.fc(x)


class RowsOfHalves(Mixes):
    """Halves of rows, indexed as if they were rows."""

    def forward(self, x: Tensor) -> Tensor:
        halves = self.fc(x).view(x.size(0) * 2, 4)
        return halves[torch.arange(x.size(0))]


class TransposedBehindOne(Mixes):
    """[B, 8] -> [1, B, 8] -> [1, 8, B] -> [B, 8]: the last view is no way back."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x).view(1, x.size(0), 8).transpose(1, 2)
        return y.reshape(x.size(0), 8)


class BagsOfPairs(nn.Module):
    """Bags that begin every two words, whatever the length of a row."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(30, 4)

    def forward(self, ids: Tensor) -> Tensor:
        offsets = torch.arange(0, ids.numel(), 2)
        return F.embedding_bag(ids.reshape(-1), self.table.weight, offsets, mode="sum")[: ids.size(0)]


CASES = [
    *[mixing(f"batch_mean_{share:g}", lambda share=share: BatchMean(share), trace=True)
      for share in (1.0, 1e-1, 1e-2, 1e-3, 1e-4)],
    mixing("batch_max", BatchMax),
    mixing("global_max_pool", GlobalMaxPool),
    mixing("cumulative_sum", CumulativeSum),
    mixing("sorts_rows", SortsRows),
    mixing("rolls_rows", RollsRows),
    mixing("shifts_rows", ShiftsRows),
    mixing("flips_rows", FlipsRows),
    mixing("softmax_over_rows", SoftmaxOverRows),
    mixing("default_softmax", DefaultSoftmax),
    mixing("first_row", FirstRow),
    mixing("only_first_row", OnlyFirstRow),
    mixing("past_sixteen", PastSixteen),
    mixing("past_sixteen_by_place", PastSixteenByPlace),
    mixing("at_the_maximum", AtTheMaximum),
    mixing("at_seven_rows", AtSevenRows),
    mixing("pairs_rows", PairsRows),
    mixing("pairs_rows_always", PairsRowsAlways),
    mixing("scales_by_size", ScalesBySize),
    mixing("attention_over_rows", AttentionOverRows),
    mixing("attention_over_rows_traced", AttentionOverRows, trace=True),
    mixing("recurrent_over_rows", RecurrentOverRows),
    mixing("in_place_shift", InPlaceShift),
    mixing("gram", Gram),
    mixing("einsum_over_rows", EinsumOverRows),
    mixing("normalises_all", NormalisesAll),
    mixing("convolves_rows", ConvolvesRows),
    mixing("top_rows", TopRows),
    mixing("loops_over_rows", LoopsOverRows),
    mixing("numbers_rows", NumbersRows),
    mixing("strided", Strided),
    mixing("distances", Distances),
    mixing("scatters_rows", ScattersRows),
    mixing("centres", Centres, lambda n: [torch.randn(n, 1, 8, 8)]),
    mixing("row_before", RowBefore),
    mixing("rows_of_halves", RowsOfHalves),
    mixing("transposed_behind_one", TransposedBehindOne),
    mixing("bags_of_pairs", BagsOfPairs, lambda n: [torch.randint(0, 30, (n, 6))]),
]
