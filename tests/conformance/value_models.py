#!/usr/bin/env python3
"""Writes the models of test_values.py: value_models.py DIR. Between them they take and return every
kind of value that the protocols carry."""

import os
import sys
import warnings
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")


class Batch(NamedTuple):
    ids: Tensor
    scale: float


class Scored(NamedTuple):
    scores: Tensor
    label: str


class Scalars(nn.Module):
    def forward(self, x: Tensor, negate: bool, count: int = 2, scale: float = 0.5, mode: str = "plain",
                offset: Optional[float] = None) -> Tensor:
        y = x * scale
        for _ in range(count):
            y = y + 1
        if negate:
            y = -y
        if mode == "twice":
            y = y * 2
        if offset is not None:
            y = y + offset
        return y


class ScalarLists(nn.Module):
    def forward(self, x: Tensor, flags: List[bool], steps: List[int], weights: List[float],
                names: Optional[List[str]] = None) -> Dict[str, Tensor]:
        y = x
        for i in range(len(flags)):
            if flags[i]:
                y = y * weights[i] + steps[i]
        result = {"y": y}
        if names is not None:
            for name in names:
                result[name] = y
        return result


class TensorList(nn.Module):
    def forward(self, images: List[Tensor]) -> List[Tensor]:
        return [image * 2 for image in images]


class TensorDict(nn.Module):
    def forward(self, features: Dict[str, Tensor], counts: Dict[str, int]) -> Dict[str, Tensor]:
        moved: Dict[str, Tensor] = {}
        for name, feature in features.items():
            moved[name] = feature + counts.get(name, 0)
        return moved


class TensorTuple(nn.Module):
    def forward(self, pair: Tuple[Tensor, int], bias: Optional[Tuple[Tensor, bool]] = None) -> Tuple[Tensor, int]:
        y = pair[0] * pair[1]
        if bias is not None and bias[1]:
            y = y + bias[0]
        return y, pair[1] + 1


class Named(nn.Module):
    def forward(self, batch: Batch) -> Scored:
        return Scored(batch.ids * batch.scale, "best")


class Nested(nn.Module):
    def forward(self, groups: List[Dict[str, Tensor]], boxes: Dict[str, Tuple[Tensor, float]],
                batch: Batch) -> Tuple[List[Tensor], Dict[str, Tuple[Tensor, int]]]:
        sums = [group["a"] + group["b"] for group in groups]
        scaled: Dict[str, Tuple[Tensor, int]] = {}
        for name, box_and_factor in boxes.items():
            box, factor = box_and_factor
            scaled[name] = (box * factor * batch.scale + batch.ids, len(name))
        return sums, scaled


class Results(nn.Module):
    """A method for each kind of result."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum()

    @torch.jit.export
    def flag(self, x: Tensor) -> bool:
        return bool(x.sum() > 0)

    @torch.jit.export
    def whole(self, x: Tensor) -> int:
        return x.numel()

    @torch.jit.export
    def real(self, x: Tensor) -> float:
        return float(x.sum())

    @torch.jit.export
    def text(self, x: Tensor) -> str:
        return "positive" if bool(x.sum() > 0) else "dünn"

    @torch.jit.export
    def texts(self, x: Tensor) -> List[str]:
        return ["a", "", "c"]

    @torch.jit.export
    def nothing(self, x: Tensor) -> None:
        return None

    @torch.jit.export
    def maybe(self, x: Tensor) -> Optional[Tensor]:
        return x * 2 if bool(x.sum() > 0) else None

    @torch.jit.export
    def mixed(self, x: Tensor) -> Tuple[Tensor, Optional[Tensor], List[int], Dict[str, float], Scored]:
        return x, None, [1, 2], {"half": 0.5}, Scored(x, "b")


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name, model in {"scalars": Scalars(), "scalar_lists": ScalarLists(), "tensor_list": TensorList(),
                        "tensor_dict": TensorDict(), "tensor_tuple": TensorTuple(), "named": Named(),
                        "nested": Nested(), "results": Results()}.items():
        torch.jit.save(torch.jit.script(model.eval()), os.path.join(directory, name + ".pt"))


if __name__ == "__main__":
    main()
