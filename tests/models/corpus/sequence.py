"""Models of text, sound, series and tables."""

import math
from typing import List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from corpus.case import Case, ids


class AudioClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 8, 16, stride=4)
        self.norm = nn.BatchNorm1d(8)
        self.conv2 = nn.Conv1d(8, 16, 3)
        self.head = nn.Linear(16, 5)

    def forward(self, waveform: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv1(waveform)))
        x = F.max_pool1d(torch.relu(self.conv2(x)), 2)
        return F.log_softmax(self.head(x.mean(dim=-1)), dim=-1)


class MelSpectrogram(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(64))
        self.register_buffer("mel", torch.rand(33, 10))
        self.rnn = nn.GRU(10, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, waveform: Tensor) -> Tensor:
        spectrum = torch.stft(waveform, 64, 16, window=self.window, return_complex=True)
        power = spectrum.abs().pow(2.0)
        mel = torch.log(torch.matmul(power.transpose(1, 2), self.mel) + 1e-6)
        states, _ = self.rnn(mel)
        return self.head(states[:, -1])


class EmbeddingBagRows(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(100, 16, mode="mean")
        self.fc = nn.Linear(16, 4)

    def forward(self, text: Tensor) -> Tensor:
        return self.fc(self.bag(text))


class EmbeddingBagOffsets(nn.Module):
    """The text tutorial's: all texts in one row of words, and where each begins."""

    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(100, 16)
        self.fc = nn.Linear(16, 4)

    def forward(self, text: Tensor, offsets: Tensor) -> Tensor:
        return self.fc(self.bag(text, offsets))


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.rnn = nn.LSTM(16, 8, num_layers=2, batch_first=True, bidirectional=True, dropout=0.3)
        self.head = nn.Linear(16, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(tokens))
        return torch.log_softmax(self.head(states), dim=-1)


class LanguageModel(nn.Module):
    """Time first, and states that the caller carries."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.rnn = nn.LSTM(12, 10)
        self.head = nn.Linear(10, 50)

    def forward(self, tokens: Tensor, h: Tensor, c: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        states, (h, c) = self.rnn(self.embedding(tokens), (h, c))
        return self.head(states), h, c


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 12, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, series: Tensor) -> Tensor:
        _, last = self.rnn(series)
        return self.head(last[-1])


class Causal1d(nn.Module):
    """A temporal convolution, padded on the left."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv1d(4, 8, 3, dilation=1)
        self.b = nn.Conv1d(8, 4, 3, dilation=2)

    def forward(self, series: Tensor) -> Tensor:
        x = series.transpose(1, 2)
        x = torch.relu(self.a(F.pad(x, [2, 0])))
        x = self.b(F.pad(x, [4, 0]))
        return x.transpose(1, 2) + series


class NBeats(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            [nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 24 + 6)) for _ in range(3)])

    def forward(self, window: Tensor) -> Tensor:
        residual = window
        forecast = torch.zeros(window.size(0), 6)
        for block in self.blocks:
            theta = block(residual)
            residual = residual - theta[:, :24]
            forecast = forecast + theta[:, 24:]
        return forecast


class EncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.layer(self.embedding(ids), src_key_padding_mask=mask == 0)
        weight = mask.unsqueeze(-1).to(x.dtype)
        return self.head((x * weight).sum(1) / weight.sum(1).clamp(min=1.0))


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.norm = nn.LayerNorm(16)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.attention(x, x, x, need_weights=False)[0])


class Bert(nn.Module):
    """As the checkpoints write it: three embeddings, an additive mask, a pooler."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(200, 16)
        self.positions = nn.Embedding(32, 16)
        self.types = nn.Embedding(2, 16)
        self.norm = nn.LayerNorm(16)
        self.register_buffer("position_ids", torch.arange(32).expand((1, -1)))
        self.query = nn.Linear(16, 16)
        self.key = nn.Linear(16, 16)
        self.value = nn.Linear(16, 16)
        self.pooler = nn.Linear(16, 16)

    def split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), x.size(1), 4, 4).permute(0, 2, 1, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        places = self.position_ids[:, : input_ids.size(1)]
        x = self.words(input_ids) + self.types(token_type_ids) + self.positions(places)
        x = self.norm(x)
        mask = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * -10000.0
        scores = torch.matmul(self.split(self.query(x)), self.split(self.key(x)).transpose(-1, -2))
        weights = torch.softmax(scores / math.sqrt(4.0) + mask, dim=-1)
        context = torch.matmul(weights, self.split(self.value(x))).permute(0, 2, 1, 3).contiguous()
        context = context.view(context.size(0), context.size(1), 16)
        return torch.tanh(self.pooler(context[:, 0]))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(60, 16)
        self.places = nn.Embedding(32, 16)
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 60, bias=False)
        self.register_buffer("bias", torch.tril(torch.ones(32, 32)).view(1, 1, 32, 32))

    def forward(self, idx: Tensor) -> Tensor:
        b, t = idx.size()
        assert t <= 32, "a sequence of at most 32 tokens"
        x = self.tokens(idx) + self.places(torch.arange(0, t, dtype=torch.long))
        q, k, v = self.qkv(self.norm(x)).split(16, dim=2)
        q = q.view(b, t, 4, 4).transpose(1, 2)
        k = k.view(b, t, 4, 4).transpose(1, 2)
        v = v.view(b, t, 4, 4).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * 0.5
        att = att.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(att, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, 16)
        return self.head(x + self.out(y))


class WideAndDeep(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(5)
        self.tables = nn.ModuleList([nn.Embedding(n, 4) for n in (10, 20, 30)])
        self.mlp = nn.Sequential(nn.Linear(5 + 12, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 1))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        parts: List[Tensor] = [self.norm(numeric)]
        for i, table in enumerate(self.tables):
            parts.append(table(categorical[:, i]))
        return torch.sigmoid(self.mlp(torch.cat(parts, dim=1))).squeeze(1)


class TabularColumns(nn.Module):
    """One input for each column, as frameworks for tables export them."""

    def __init__(self):
        super().__init__()
        self.city = nn.Embedding(12, 3)
        self.fc = nn.Linear(5, 2)

    def forward(self, age: Tensor, income: Tensor, city: Tensor) -> Tensor:
        x = torch.stack([age, torch.log1p(income)], dim=1)
        return self.fc(torch.cat([x, self.city(city)], dim=1))


class Recommender(nn.Module):
    def __init__(self):
        super().__init__()
        self.users = nn.Embedding(40, 8)
        self.items = nn.Embedding(60, 8)
        self.bias = nn.Embedding(60, 1)

    def forward(self, user_ids: Tensor, item_ids: Tensor) -> Tensor:
        dot = (self.users(user_ids) * self.items(item_ids)).sum(-1)
        return dot + self.bias(item_ids).squeeze(-1)


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(7, 16), nn.SELU(), nn.Linear(16, 1)).double()

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features)


class ControlFlow(nn.Module):
    """The tutorial's: a flag, and a loop over layers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
        self.extra = nn.Linear(8, 8)

    def forward(self, x: Tensor, rounds: int = 2, extra: bool = False) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        for _ in range(rounds):
            x = x * 0.5 + 1.0
        if extra:
            x = self.extra(x)
        return x


class GraphNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.second = nn.Linear(8, 3)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        degree = adjacency.sum(dim=-1, keepdim=True).clamp(min=1.0)
        x = torch.relu(self.first(torch.bmm(adjacency / degree, nodes)))
        return self.second(torch.bmm(adjacency / degree, x)).mean(dim=1)


class TextLengths(nn.Module):
    """Strings in, numbers out."""

    def forward(self, texts: List[str]) -> Tensor:
        lengths: List[int] = []
        for text in texts:
            lengths.append(len(text))
        return torch.tensor(lengths)


class OptionalBias(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor, bias: Optional[Tensor] = None) -> Tensor:
        y = self.fc(x)
        if bias is not None:
            y = y + self.fc(bias)
        return y


class PackedGru(nn.Module):
    """Sequences of several lengths, packed: the lengths are read on the host."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 5, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, last = self.rnn(packed)
        return last[-1]


def bert_rows(n):
    return [ids(200, n, 9), torch.ones(n, 9, dtype=torch.long), ids(2, n, 9)]


FLAT = "all texts lie in one row of words"

CASES = [
    Case("audio_classifier", AudioClassifier, [("waveform", "FP32", [-1, 1, -1])],
         lambda n: [torch.randn(n, 1, 200)], trace=True),
    Case("mel_spectrogram", MelSpectrogram, [("waveform", "FP32", [-1, -1])],
         lambda n: [torch.randn(n, 400)]),
    Case("embedding_bag", EmbeddingBagRows, [("text", "INT64", [-1, -1])], lambda n: [ids(100, n, 7)],
         others=[lambda: [ids(100, 2, 5).int()]]),
    Case("embedding_bag_offsets", EmbeddingBagOffsets,
         [("text", "INT64", [-1]), ("offsets", "INT64", [-1])],
         lambda n: [ids(100, 4 * n), torch.arange(0, 4 * n, 4)], batchable=False, why=FLAT),
    Case("tagger", Tagger, [("tokens", "INT64", [-1, -1])], lambda n: [ids(100, n, 6)]),
    Case("language_model", LanguageModel,
         [("tokens", "INT64", [-1, -1]), ("h", "FP32", [-1, -1, 10]), ("c", "FP32", [-1, -1, 10])],
         lambda n: [ids(50, n, 3), torch.zeros(1, 3, 10), torch.zeros(1, 3, 10)], batchable=False,
         why="dimension 0 is the time"),
    Case("forecaster", Forecaster, [("series", "FP32", [-1, -1, 6])], lambda n: [torch.randn(n, 9, 6)],
         trace=True),
    Case("causal_convolution", Causal1d, [("series", "FP32", [-1, -1, 4])],
         lambda n: [torch.randn(n, 11, 4)]),
    Case("n_beats", NBeats, [("window", "FP32", [-1, 24])], lambda n: [torch.randn(n, 24)]),
    Case("encoder_layer", EncoderLayer, [("ids", "INT64", [-1, -1]), ("mask", "INT64", [-1, -1])],
         lambda n: [ids(100, n, 6), torch.ones(n, 6, dtype=torch.long)]),
    Case("attention_scripted", SelfAttention, [("x", "FP32", [-1, -1, 16])],
         lambda n: [torch.randn(n, 5, 16)]),
    Case("attention_traced", SelfAttention, [("x", "FP32", [-1, -1, 16])],
         lambda n: [torch.randn(n, 5, 16)], trace=True),
    Case("bert", Bert, [("input_ids", "INT64", [-1, -1]), ("attention_mask", "INT64", [-1, -1]),
                        ("token_type_ids", "INT64", [-1, -1])], bert_rows, trace=True),
    Case("gpt", Gpt, [("idx", "INT64", [-1, -1])], lambda n: [ids(60, n, 8)]),
    Case("wide_and_deep", WideAndDeep, [("numeric", "FP32", [-1, 5]), ("categorical", "INT64", [-1, -1])],
         lambda n: [torch.randn(n, 5), ids(10, n, 3)]),
    Case("tabular_columns", TabularColumns,
         [("age", "FP32", [-1]), ("income", "FP32", [-1]), ("city", "INT64", [-1])],
         lambda n: [torch.rand(n), torch.rand(n) * 100, ids(12, n)]),
    Case("recommender", Recommender, [("user_ids", "INT64", None), ("item_ids", "INT64", None)],
         lambda n: [ids(40, n), ids(60, n)], others=[lambda: [ids(40, 2, 3), ids(60, 2, 3)]]),
    Case("regression", Regression, [("features", "FP64", [..., 7])],
         lambda n: [torch.randn(n, 7).double()]),
    Case("control_flow", ControlFlow, [("x", "FP32", [..., 8])], lambda n: [torch.randn(n, 8), 2, True]),
    Case("graph_net", GraphNet, [("nodes", "FP32", [-1, -1, 6]), ("adjacency", "FP32", [-1, -1, -1])],
         lambda n: [torch.randn(n, 5, 6), torch.rand(n, 5, 5)]),
    Case("text_lengths", TextLengths, [], lambda n: [["word"] * n], batchable=False,
         why="it takes no tensor"),
    Case("optional_bias", OptionalBias, [("x", "FP32", [..., 6]), ("bias", "FP32", [..., 6])],
         lambda n: [torch.randn(n, 6), torch.randn(n, 6)], others=[lambda: [torch.randn(2, 6), None]]),
    Case("packed_gru", PackedGru, [("x", "FP32", [-1, -1, 6]), ("lengths", "INT64", [-1])],
         lambda n: [torch.randn(n, 4, 6), torch.full((n,), 4)], batchable=False,
         why="packed rows are taken apart by their lengths"),
]
