"""Models of pictures, volumes and points."""

from typing import Dict, List, NamedTuple, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from corpus.case import Case


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 4 * 4, 84)
        self.fc2 = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.max_pool2d(torch.relu(self.conv1(image)), 2)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(x), dim=1)


class Depthwise(nn.Module):
    """A byte image, cast and divided, as cameras give it."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.block = nn.Sequential(
            nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
            nn.Conv2d(8, 16, 1, bias=False), nn.BatchNorm2d(16), nn.Hardswish())
        self.head = nn.Linear(16, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = self.block(self.stem(image.float() / 255.0))
        return self.head(x.mean([2, 3]))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        scale = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.up(torch.relu(self.down(scale))))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), SqueezeExcite(16))
             for _ in range(2)])
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = torch.relu(x + block(x))
        return self.head(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.deeper = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        a = torch.relu(self.down(image))
        b = torch.relu(self.up(torch.relu(self.deeper(a))))
        if b.shape[-2:] != a.shape[-2:]:
            b = F.interpolate(b, size=a.shape[-2:])
        return self.out(torch.cat([a, b], dim=1))


class ChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.permute(0, 3, 1, 2).contiguous().to(torch.float32) / 255
        return self.fc(torch.relu(self.conv(x)).amax(dim=(2, 3)))


class Normalised(nn.Module):
    """Statistics with a batch dimension, as torchvision's recipes write them."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.rand(1, 3, 1, 1))
        self.register_buffer("std", torch.rand(1, 3, 1, 1) + 0.5)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = (image - self.mean) / self.std
        return torch.relu(self.conv(x)).mean(dim=[2, 3])


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm3d(8)
        self.head = nn.Linear(8, 6)

    def forward(self, clip: Tensor) -> Tensor:
        x = F.max_pool3d(F.gelu(self.norm(self.conv(clip))), 2)
        return self.head(x.mean(dim=(2, 3, 4)))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, stride=4)
        self.cls = nn.Parameter(torch.randn(1, 1, 16))
        self.position = nn.Parameter(torch.randn(1, 17, 16))
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.patch(pixel_values).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.size(0), -1, -1), x], dim=1) + self.position
        return self.head(self.layers(x)[:, 0])


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1))
        self.boxes = nn.Conv2d(16, 3 * 4, 1)
        self.classes = nn.Conv2d(16, 3 * 5, 1)

    def forward(self, images: Tensor) -> Dict[str, Tensor]:
        x = torch.relu(self.backbone(images))
        boxes = self.boxes(x).permute(0, 2, 3, 1).reshape(images.shape[0], -1, 4)
        scores = self.classes(x).permute(0, 2, 3, 1).reshape(images.shape[0], -1, 5).sigmoid()
        best, labels = scores.max(dim=-1)
        return {"boxes": boxes, "scores": best, "labels": labels}


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 64), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        latent = self.encoder(x)
        return self.decoder(latent).view(-1, 1, 8, 8), latent


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 8 * 4 * 4)
        self.up = nn.Sequential(
            nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2.0), nn.Conv2d(4, 3, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.up(self.fc(z).view(z.size(0), 8, 4, 4))


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4, 8)

    def embed(self, x: Tensor) -> Tensor:
        return F.normalize(self.fc(torch.relu(self.conv(x)).mean([2, 3])), dim=1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return F.cosine_similarity(self.embed(left), self.embed(right), dim=1)


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 32, 1))
        self.head = nn.Linear(32, 4)

    def forward(self, points: Tensor) -> Tensor:
        x = self.mlp(points.transpose(2, 1))
        return self.head(torch.max(x, 2)[0])


class Conditioned(nn.Module):
    """A picture, and a class that shifts its channels."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.film = nn.Embedding(10, 16)
        self.out = nn.Conv2d(8, 3, 1)

    def forward(self, image: Tensor, label: Tensor) -> Tensor:
        gamma, beta = self.film(label).chunk(2, dim=1)
        x = self.conv(image) * gamma[:, :, None, None] + beta[:, :, None, None]
        return self.out(torch.relu(x))


class Scores(NamedTuple):
    value: Tensor
    policy: Tensor


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 32), nn.Tanh())
        self.value = nn.Linear(32, 1)
        self.policy = nn.Linear(32, 4)

    def forward(self, observation: Tensor) -> Scores:
        x = self.body(observation)
        return Scores(self.value(x).squeeze(-1), torch.softmax(self.policy(x), -1))


class Pyramid(nn.Module):
    """A list of results, one for each scale."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 8, 3, 2, 1)])

    def forward(self, x: Tensor) -> List[Tensor]:
        results: List[Tensor] = []
        for stage in self.stages:
            x = torch.relu(stage(x))
            results.append(x)
        return results


def quantised():
    """A statically quantized classifier, made with two batches of calibration."""
    model = nn.Sequential(
        torch.ao.quantization.QuantStub(), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(4 * 36, 3), torch.ao.quantization.DeQuantStub()).eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.fuse_modules(model, [["1", "2"]], inplace=True)
    torch.ao.quantization.prepare(model, inplace=True)
    for _ in range(2):
        model(torch.randn(4, 1, 8, 8))
    torch.ao.quantization.convert(model, inplace=True)
    return torch.jit.trace(model, torch.randn(2, 1, 8, 8))


def image(channels, size):
    return lambda n: [torch.randn(n, channels, size, size)]


def byte_image(n, size=16):
    return [torch.randint(0, 256, (n, 3, size, size), dtype=torch.uint8)]


CASES = [
    Case("lenet", LeNet, [("image", "FP32", [-1, 1, -1, -1])], image(1, 28)),
    Case("depthwise", Depthwise, [("image", "FP32", [-1, 3, -1, -1])], byte_image, trace=True,
         others=[lambda: [torch.rand(2, 3, 20, 24)], lambda: [torch.rand(1, 3, 16, 16).double()]]),
    Case("residual", Residual, [("x", "FP32", [-1, 3, -1, -1])], image(3, 12),
         others=[lambda: [torch.randn(2, 3, 9, 14)]]),
    Case("unet", UNet, [("image", "FP32", [-1, 1, -1, -1])], image(1, 16),
         others=[lambda: [torch.randn(1, 1, 15, 13)]]),
    Case("channels_last", ChannelsLast, [("pixels", "FP32", [-1, -1, -1, 3])],
         lambda n: [torch.randint(0, 256, (n, 10, 12, 3), dtype=torch.uint8)],
         others=[lambda: [torch.rand(2, 8, 8, 3)]]),
    # A picture of one channel is broadcast to three.
    Case("normalised", Normalised, [("image", "FP32", [-1, -1, -1, -1])], image(3, 8), trace=True,
         others=[lambda: [torch.randn(2, 1, 8, 8)]]),
    Case("video", Video, [("clip", "FP32", [-1, 3, -1, -1, -1])],
         lambda n: [torch.randn(n, 3, 4, 8, 8)]),
    Case("vit", ViT, [("pixel_values", "FP32", [-1, 3, -1, -1])], image(3, 16), trace=True),
    Case("detector", Detector, [("images", "FP32", [-1, 3, -1, -1])], image(3, 16)),
    Case("autoencoder", Autoencoder, [("x", "FP32", None)], image(1, 8), trace=True,
         others=[lambda: [torch.randn(3, 64)]]),
    Case("generator", Generator, [("z", "FP32", [..., 16])], lambda n: [torch.randn(n, 16)]),
    Case("siamese", Siamese, [("left", "FP32", [-1, 1, -1, -1]), ("right", "FP32", [-1, 1, -1, -1])],
         lambda n: [torch.randn(n, 1, 10, 10), torch.randn(n, 1, 10, 10)]),
    Case("pointnet", PointNet, [("points", "FP32", [-1, -1, 3])], lambda n: [torch.randn(n, 20, 3)],
         trace=True),
    Case("conditioned", Conditioned, [("image", "FP32", [-1, 3, -1, -1]), ("label", "INT64", [-1])],
         lambda n: [torch.randn(n, 3, 8, 8), torch.randint(0, 10, (n,))]),
    Case("actor_critic", ActorCritic, [("observation", "FP32", [..., 12])],
         lambda n: [torch.randn(n, 12)], others=[lambda: [torch.randn(2, 5, 12)]]),
    Case("pyramid", Pyramid, [("x", "FP32", [-1, 3, -1, -1])], image(3, 12)),
    Case("quantised", quantised, [("input", "FP32", [-1, 1, -1, -1])], image(1, 8)),
]
