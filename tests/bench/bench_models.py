"""The models of ./dev bench: some written here, beside those of demo-models."""

import os
import shutil

import torch
from torch import Tensor, nn

# Model: the shape of one row, and its datatype. A bench takes what is named here.
SHAPES = {"identity": ([16], "FP32"), "linear": ([10], "FP32"), "mlp1000": ([1000], "FP32"),
          "resnet18": ([3, 224, 224], "FP32"), "transformer": ([64], "INT64")}
# Sizes of an image are not in a file; optimisations are tried where they are declared.
RESNET = ('max_batch_size: 32 input { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }\n')


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class ChannelMeans(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image.mean([2, 3])


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = [part.unflatten(-1, [self.heads, -1]).transpose(1, 2)
                   for part in self.project(self.norm1(x)).chunk(3, dim=-1)]
        x = x + self.out(nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.narrow(nn.functional.gelu(self.wide(self.norm2(x))))


class Transformer(nn.Module):
    """Two layers over tokens, and the mean of what they make of each as a sentence's embedding."""

    def __init__(self, width: int = 256, heads: int = 4, layers: int = 2):
        super().__init__()
        self.embedding = nn.Embedding(1000, width)
        self.layers = nn.Sequential(*[Block(width, heads) for _ in range(layers)])

    def forward(self, tokens: Tensor) -> Tensor:
        return self.layers(self.embedding(tokens)).mean(1)


def prepare(name, demo_models, folder):
    """Writes the model where a server finds it; returns the path of its file."""
    torch.manual_seed(20)
    place = os.path.join(folder, name)
    os.makedirs(place)
    path = os.path.join(place, "model.pt")
    if name == "identity":
        torch.jit.script(Identity()).save(path)
    elif name == "channel_means":
        torch.jit.script(ChannelMeans()).save(path)
    elif name == "transformer":
        tokens = torch.zeros(1, 64, dtype=torch.int64)
        torch.jit.trace(Transformer().eval(), tokens).save(path)
    else:
        shutil.copy(os.path.join(demo_models, name + ".pt"), path)
    if name == "resnet18":
        with open(os.path.join(place, "config.pbtxt"), "w", encoding="utf-8") as config:
            config.write(RESNET)
    return path
