#!/usr/bin/env python3
"""Writes the demo models: make_models.py DIR [--only digits,linear] [--samples DIR].

  digits        a small CNN trained on scikit-learn's handwritten digits, scripted:
                [N,1,8,8] pixels from 0 to 16 -> {N,10} probabilities
  linear        Linear(10, 5), traced
  mlp1000       1000 -> 1000 -> 100, traced
  control_flow  forward(x, use_second_layer: bool), scripted
  resnet18      ResNet-18 with random weights, traced at [1,3,224,224]

Each is DIR/<name>.pt. --samples writes digit.json there: one handwritten digit the model has not
seen, ready to POST, and its label. The same seed gives the same models on the same machine.
"""

import argparse
import json
import os
import sys
import warnings

import torch
from torch import Tensor, nn

SEED = 20
HELD_OUT = 360  # of scikit-learn's 1797 digits: the model is tested on them, not trained

warnings.filterwarnings("ignore", category=DeprecationWarning)


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(32 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)

    def logits(self, image: Tensor) -> Tensor:
        x = image / 16.0
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc2(x)

    def forward(self, image: Tensor) -> Tensor:
        return torch.softmax(self.logits(image), dim=1)


class ControlFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)

    def forward(self, x: Tensor, use_second_layer: bool) -> Tensor:
        x = torch.relu(self.first(x))
        if use_second_layer:
            x = torch.relu(self.second(x))
        return x


class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(out)) + identity)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        blocks = []
        channels_in = 64
        for channels, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            blocks += [BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1)]
            channels_in = channels
        self.blocks = nn.Sequential(*blocks)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, 1000)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(image))))
        x = self.avgpool(self.blocks(x))
        return self.fc(torch.flatten(x, 1))


def load_digits():
    """Images [1797,1,8,8] and labels, shuffled; the last HELD_OUT are for testing."""
    from sklearn.datasets import load_digits as sklearn_digits

    data = sklearn_digits()
    order = torch.randperm(len(data.images), generator=torch.Generator().manual_seed(SEED))
    images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1)
    return images[order], torch.tensor(data.target, dtype=torch.int64)[order]


def make_digits():
    images, labels = load_digits()
    train_images, train_labels = images[:-HELD_OUT], labels[:-HELD_OUT]
    model = Digits()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(20):
        order = torch.randperm(len(train_images))
        for batch in order.split(64):
            loss = nn.functional.cross_entropy(
                model.logits(train_images[batch]), train_labels[batch]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(images[-HELD_OUT:]).argmax(1) == labels[-HELD_OUT:]).float().mean().item()
    print(f"digits: {right:.1%} of {HELD_OUT} digits it has not seen are right")
    if right <= 0.95:
        sys.exit("digits: the training went wrong: at most 95% are right")
    return torch.jit.script(model)


def make_linear():
    return torch.jit.trace(nn.Linear(10, 5).eval(), torch.randn(1, 10))


def make_mlp1000():
    mlp = nn.Sequential(nn.Linear(1000, 1000), nn.ReLU(), nn.Linear(1000, 100))
    return torch.jit.trace(mlp.eval(), torch.randn(1, 1000))


def make_control_flow():
    return torch.jit.script(ControlFlow().eval())


def make_resnet18():
    return torch.jit.trace(ResNet18().eval(), torch.randn(1, 3, 224, 224))


MODELS = {
    "digits": make_digits,
    "linear": make_linear,
    "mlp1000": make_mlp1000,
    "control_flow": make_control_flow,
    "resnet18": make_resnet18,
}


def save(module, path):
    """Writes the file whole or not at all: a server may be watching the directory."""
    partial = path + ".partial"
    torch.jit.save(module, partial)
    os.replace(partial, path)


def write_sample(directory, model):
    """The first held-out digit that the model is sure of, in one line."""
    images, labels = load_digits()
    for image, label in zip(images[-HELD_OUT:], labels[-HELD_OUT:]):
        with torch.no_grad():
            probabilities = model(image.unsqueeze(0))[0]
        if int(probabilities.argmax()) == int(label) and float(probabilities.max()) > 0.99:
            break
    pixels = [[[int(pixel) for pixel in row] for row in image[0]]]
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "digit.json"), "w", encoding="utf-8") as file:
        json.dump({"input": [pixels]}, file, separators=(",", ":"))
    with open(os.path.join(directory, "digit.label"), "w", encoding="utf-8") as file:
        file.write(f"{int(label)}\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--only", default=",".join(MODELS), help="names, comma-separated")
    parser.add_argument("--samples", metavar="DIR", help="where digit.json goes")
    arguments = parser.parse_args()

    names = arguments.only.split(",")
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}; there are {', '.join(MODELS)}")
    os.makedirs(arguments.directory, exist_ok=True)
    for name in names:
        torch.manual_seed(SEED)
        module = MODELS[name]()
        save(module, os.path.join(arguments.directory, name + ".pt"))
        if name == "digits" and arguments.samples:
            write_sample(arguments.samples, module)


if __name__ == "__main__":
    main()
