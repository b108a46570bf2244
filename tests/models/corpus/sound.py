"""Models whose rows are their own, written in ways that make this hard to see.

As many of them as possible should be proven; those of vision.py and sequence.py count too.
"""

from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from corpus.case import Case, ids


class Normalises(nn.Module):
    """Each row by its own length."""

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_min(1e-6)


class OwnLayerNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(8) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return self.weight * centred * torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + 1e-5)


class TopOfRow(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        values, places = torch.topk(x, 3, dim=1)
        return values, places


class SortsEachRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        order = torch.argsort(x, dim=-1)
        return torch.gather(x, 1, order)


class MaskedPooling(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(6, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        score = self.score(x).squeeze(-1).masked_fill(mask == 0, -1e9)
        return torch.bmm(torch.softmax(score, dim=1).unsqueeze(1), x).squeeze(1)


class OneHot(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 3)

    def forward(self, kind: Tensor) -> Tensor:
        return self.fc(F.one_hot(kind, 10).float())


class Einsum(nn.Module):
    def __init__(self):
        super().__init__()
        self.core = nn.Parameter(torch.randn(6, 6))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.einsum("bi,ij,bj->b", a, self.core, b)


class CellLoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 6)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), 6)
        c = torch.zeros(x.size(0), 6)
        steps: List[Tensor] = []
        for i in range(x.size(1)):
            h, c = self.cell(x[:, i], (h, c))
            steps.append(h)
        return torch.stack(steps, dim=1)


class RankBranch(nn.Module):
    """A test of the number of dimensions."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 3:
            x = x.mean(1)
        return self.fc(x)


class DtypeBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype == torch.uint8:
            x = x.float() / 255
        return self.fc(x)


class Asserts(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        assert x.size(-1) == 6, "six columns"
        torch._assert(x.dim() == 2, "two dimensions")
        if x.size(1) > 100:
            raise ValueError("too wide")
        return self.fc(x)


class TrainingBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if self.training:
            y = y + torch.randn_like(y)
        return torch.softmax(y, 1)


class Steps(nn.Module):
    """A number of rounds that the request gives."""

    def forward(self, x: Tensor, rounds: int) -> Tensor:
        for i in range(rounds):
            x = torch.tanh(x + i)
        return x


class WritesColumn(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        y[:, 0] = x[:, 1]
        return y


class Positions(nn.Module):
    """Sines of the place, made in forward()."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.rand(40, 6))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.size(1)].unsqueeze(0)


class OptionalMask(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        y = self.fc(x)
        if mask is not None:
            y = y * mask.unsqueeze(-1)
        return y.sum(1)


class AttentionWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        y, weights = self.attention(x, x, x)
        assert weights is not None
        return y, weights


class CrossAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, kdim=6, vdim=6)

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        return self.attention(query, memory, memory, need_weights=False)[0]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(16, 4, 32, batch_first=True)

    def forward(self, target: Tensor, memory: Tensor) -> Tensor:
        return self.layer(target, memory)


class TimeFirst(nn.Module):
    """Attention and recurrence over dimension 0 of a transposed batch."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)
        self.rnn = nn.GRU(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        y = x.transpose(0, 1)
        y = y + self.attention(y, y, y, need_weights=False)[0]
        return self.rnn(y)[0].transpose(0, 1)


class Window(nn.Module):
    """Windows of a row, as swin transformers cut them."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        x = torch.roll(x, shifts=(-1, -1), dims=(1, 2))
        x = x.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, -1, 4, c)
        return self.fc(x).mean(2)


class Unfolds(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.unfold(x, kernel_size=2, stride=2).transpose(1, 2).softmax(-1)


class Interpolates(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.conv(x), scale_factor=2.0, mode="bilinear", align_corners=False)


class Anchors(nn.Module):
    """A constant for each place, expanded to the batch."""

    def __init__(self):
        super().__init__()
        self.register_buffer("anchors", torch.rand(5, 4))
        self.fc = nn.Linear(8, 20)

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        delta = self.fc(x).view(x.shape[0], 5, 4)
        anchors = self.anchors.unsqueeze(0).expand(x.shape[0], -1, -1)
        return {"boxes": anchors + delta, "scores": delta.sum(-1).sigmoid()}


class OwnRows(nn.Module):
    """Each row's values by its number, as masks of transformers are made."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        rows = torch.arange(x.size(0))[:, None, None]
        own = mask[rows, torch.arange(mask.size(1))[None, None, :]]
        return self.fc(x) * own.expand(x.size(0), x.size(1), 6)


class ListOfInputs(nn.Module):
    def forward(self, columns: List[Tensor]) -> Tensor:
        return torch.stack(columns, dim=1).cumsum(1)


def many(*shape):
    return lambda n: [torch.randn(n, *shape)]


def sound(name, build, of, trace=False):
    return Case(name, build, [], of, trace=trace)


CASES = [
    sound("normalises_rows", Normalises, many(8)),
    sound("own_layer_norm", OwnLayerNorm, many(5, 8), trace=True),
    sound("top_of_row", TopOfRow, many(8)),
    sound("sorts_each_row", SortsEachRow, many(8)),
    sound("masked_pooling", MaskedPooling,
          lambda n: [torch.randn(n, 5, 6), torch.randint(0, 2, (n, 5)) | torch.eye(5)[0].long()]),
    sound("one_hot", OneHot, lambda n: [ids(10, n)]),
    sound("einsum", Einsum, lambda n: [torch.randn(n, 6), torch.randn(n, 6)]),
    sound("cell_loop", CellLoop, many(5, 4)),
    sound("rank_branch", RankBranch, many(5, 6)),
    sound("dtype_branch", DtypeBranch, many(6)),
    sound("asserts", Asserts, many(6)),
    sound("training_branch", TrainingBranch, many(6)),
    sound("steps", Steps, lambda n: [torch.randn(n, 6), 3]),
    sound("writes_column", WritesColumn, many(6)),
    sound("positions", Positions, many(7, 6)),
    sound("positions_traced", Positions, many(7, 6), trace=True),
    sound("optional_mask", OptionalMask, lambda n: [torch.randn(n, 4, 6), torch.rand(n, 4)]),
    sound("attention_weights", AttentionWeights, many(5, 8)),
    sound("cross_attention", CrossAttention, lambda n: [torch.randn(n, 4, 8), torch.randn(n, 6, 6)]),
    sound("encoder_scripted", Encoder, many(5, 16)),
    sound("encoder_traced", Encoder, many(5, 16), trace=True),
    sound("decoder_scripted", Decoder, lambda n: [torch.randn(n, 4, 16), torch.randn(n, 5, 16)]),
    sound("decoder_traced", Decoder, lambda n: [torch.randn(n, 4, 16), torch.randn(n, 5, 16)], trace=True),
    sound("time_first", TimeFirst, many(5, 8), trace=True),
    sound("window", Window, many(4, 6, 6)),
    sound("unfolds", Unfolds, many(2, 6, 6)),
    sound("interpolates", Interpolates, many(2, 6, 6)),
    sound("anchors", Anchors, many(8)),
    sound("own_rows", OwnRows, lambda n: [torch.randn(n, 4, 6), torch.rand(n, 6)]),
    sound("list_of_inputs", ListOfInputs, lambda n: [[torch.randn(n), torch.randn(n)]]),
]
