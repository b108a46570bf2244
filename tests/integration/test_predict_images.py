"""`flambeau predict --image`: PNG and JPEG files as the inputs that a model's metadata asks for."""

import json
import shutil
import struct
import zlib

import harness
import numpy
import pytest
import torch
from harness import flambeau
from PIL import Image

HEIGHT, WIDTH = 6, 4
NINE = [[0, 0, 2, 10, 16, 13, 0, 0], [0, 3, 16, 8, 2, 16, 1, 0], [0, 8, 13, 0, 2, 16, 6, 0],
        [0, 6, 16, 12, 16, 16, 7, 0], [0, 0, 2, 4, 8, 12, 1, 0], [0, 0, 0, 1, 15, 3, 0, 0],
        [0, 0, 0, 9, 10, 0, 0, 0], [0, 0, 1, 16, 3, 0, 0, 0]]
CONFIG = """backend: "pytorch"
max_batch_size: {batch}
input [ {{ name: "image" data_type: {datatype} dims: {dims} }} ]
output [ {{ name: "same" data_type: {datatype} dims: {dims} }} ]
"""
# What each takes; the model gives it back.
MODELS = {
    "channels_first": {"batch": 8, "datatype": "TYPE_FP32", "dims": [3, HEIGHT, WIDTH]},
    "channels_last": {"batch": 8, "datatype": "TYPE_UINT8", "dims": [HEIGHT, WIDTH, 3]},
    "grey": {"batch": 8, "datatype": "TYPE_FP32", "dims": [HEIGHT, WIDTH]},
    "one_grey": {"batch": 0, "datatype": "TYPE_FP32", "dims": [1, HEIGHT, WIDTH]},
    "any_size": {"batch": 8, "datatype": "TYPE_FP32", "dims": [3, -1, -1]},
    "flat": {"batch": 8, "datatype": "TYPE_FP32", "dims": [HEIGHT]},
    "whole_numbers": {"batch": 8, "datatype": "TYPE_INT64", "dims": [3, HEIGHT, WIDTH]},
}


class Same(torch.nn.Module):
    def forward(self, image):
        return image * 1


class ChannelMeans(torch.nn.Module):
    def forward(self, image):
        return image.mean(dim=(2, 3))


class Pair(torch.nn.Module):
    def forward(self, left, right):
        return left - right


@pytest.fixture(scope="module")
def server(demo_models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    for name, facts in MODELS.items():
        (directory / name / "1").mkdir(parents=True)
        torch.jit.script(Same()).save(directory / name / "1" / "model.pt")
        (directory / name / "config.pbtxt").write_text(CONFIG.format(**facts))
    for name in ("means", "never_asked"):  # an answer tells what a shape may be
        torch.jit.script(ChannelMeans()).save(directory / f"{name}.pt")
    torch.jit.script(Pair()).save(directory / "pair.pt")
    shutil.copy(f"{demo_models}/digits.pt", directory)
    with harness.Server(directory) as running:
        yield running


def random_image(height=HEIGHT, width=WIDTH, channels=3, seed=1):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(numpy.random.default_rng(seed).integers(0, 256, shape, dtype=numpy.uint8))


def smooth_image(height, width):
    """What JPEG and a resize keep."""
    y, x = numpy.mgrid[0:height, 0:width]
    return Image.fromarray(numpy.stack([255 * x / width, 255 * y / height, 255 - 255 * x / width],
                                       axis=2).astype(numpy.uint8))


def units(image):
    return numpy.asarray(image, numpy.float32) / 255


def saved(image, path, **options):
    image.save(path, **options)
    return path


def predict(server, model, *arguments, notes=None):
    flags = [flag for path in arguments for flag in (["--image", path] if not str(path).startswith("-") else [path])]
    out = json.loads(flambeau(server, "predict", "--model", model, *flags, notes=notes))
    return numpy.array(out["output"])


def test_a_digit_is_read(server, tmp_path):
    path = saved(Image.fromarray(numpy.array(NINE, numpy.uint8) * 15), tmp_path / "nine.png")
    scores = predict(server, "digits", path, "--std=0.0666666667")  # 255 stands for 17 there, 240 for 16
    expected = server.predict("digits", [[(numpy.array(NINE) * 15 / 255 * 15).tolist()]])
    assert scores.argmax() == 9
    numpy.testing.assert_allclose(scores, expected, atol=1e-5)


def test_every_element_is_where_it_belongs(server, tmp_path):
    image = random_image()
    path = saved(image, tmp_path / "image.png")
    numpy.testing.assert_allclose(predict(server, "channels_first", path),
                                  units(image).transpose(2, 0, 1)[None], rtol=1e-6)
    assert (predict(server, "channels_last", path) == numpy.asarray(image)[None]).all()
    assert (predict(server, "channels_last", f"image={path}") == numpy.asarray(image)[None]).all()


def test_a_model_without_a_batch_gets_none(server, tmp_path):
    image = random_image(channels=1)
    path = saved(image, tmp_path / "image.png")
    numpy.testing.assert_allclose(predict(server, "one_grey", path), units(image)[None], rtol=1e-6)
    numpy.testing.assert_allclose(predict(server, "grey", path), units(image)[None], rtol=1e-6)


def test_values_are_normalised_as_for_imagenet(server, tmp_path):
    image = random_image()
    out = predict(server, "channels_first", saved(image, tmp_path / "image.png"),
                  "--mean=0.485,0.456,0.406", "--std=0.229,0.224,0.225")
    expected = (units(image) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    numpy.testing.assert_allclose(out[0], expected.transpose(2, 0, 1), rtol=1e-4, atol=1e-6)


def test_several_pictures_are_a_batch(server, tmp_path):
    images = [random_image(seed=seed) for seed in range(3)]
    paths = [saved(image, tmp_path / f"{i}.png") for i, image in enumerate(images)]
    expected = numpy.stack([units(image).transpose(2, 0, 1) for image in images])
    numpy.testing.assert_allclose(predict(server, "channels_first", *paths), expected, rtol=1e-6)


def test_jpeg_is_read(server, tmp_path):
    for name, options in {"baseline": {}, "progressive": {"progressive": True}}.items():
        path = saved(smooth_image(32, 48), tmp_path / f"{name}.jpg", quality=95, subsampling=0, **options)
        out = predict(server, "any_size", path)
        numpy.testing.assert_allclose(out[0], units(Image.open(path)).transpose(2, 0, 1), atol=3 / 255)


def test_other_kinds_of_png_are_read(server, tmp_path):
    colour, grey = random_image(), random_image(channels=1)
    alpha = colour.copy()
    alpha.putalpha(100)
    for name, image, expected in [
            ("transparent", alpha, colour), ("grey", grey, grey.convert("RGB")),
            ("palette", colour.quantize(8), colour.quantize(8).convert("RGB")),
            ("deep", Image.fromarray(numpy.asarray(grey, numpy.uint16) * 257), grey.convert("RGB"))]:
        out = predict(server, "channels_first", saved(image, tmp_path / f"{name}.png"))
        numpy.testing.assert_allclose(out[0], units(expected).transpose(2, 0, 1), rtol=1e-6, err_msg=name)
    out = predict(server, "grey", saved(colour, tmp_path / "colour.png"))
    numpy.testing.assert_allclose(out[0], units(colour.convert("L")), atol=1.01 / 255)


def test_a_picture_of_another_size_is_resized_and_that_is_said(server, tmp_path):
    notes = []
    for height, width in ((90, 80), (3, 2)):
        image = smooth_image(height, width)
        path = saved(image, tmp_path / f"{height}.png")
        out = predict(server, "channels_first", path, notes=notes)
        expected = units(image.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
        numpy.testing.assert_allclose(out[0], expected, atol=1.01 / 255)
    assert notes == [f"flambeau: {tmp_path}/90.png: 80 x 90 resized to {WIDTH} x {HEIGHT}",
                     f"flambeau: {tmp_path}/3.png: 2 x 3 resized to {WIDTH} x {HEIGHT}"]


def test_an_open_shape_takes_the_first_pictures_size(server, tmp_path):
    notes = []
    paths = [saved(smooth_image(5, 7), tmp_path / "first.png"), saved(smooth_image(10, 14), tmp_path / "second.png")]
    assert predict(server, "any_size", *paths, notes=notes).shape == (2, 3, 5, 7)
    assert len(notes) == 1 and "14 x 10 resized to 7 x 5" in notes[0]


def test_a_shape_can_be_given(server, tmp_path):
    image = random_image()
    path = saved(image, tmp_path / "image.png")
    out = predict(server, "means", path, f"--shape=image=1,3,{HEIGHT},{WIDTH}")
    numpy.testing.assert_allclose(out[0], units(image).mean(axis=(0, 1)), rtol=1e-5)
    notes = []
    assert predict(server, "any_size", path, "--shape=image=1,3,2,2", notes=notes).shape == (1, 3, 2, 2)


def test_each_input_has_its_picture(server, tmp_path):
    images = [random_image(seed=seed) for seed in (1, 2)]
    paths = [saved(image, tmp_path / f"{i}.png") for i, image in enumerate(images)]
    out = predict(server, "pair", f"left={paths[0]}", f"right={paths[1]}", f"--shape=left=1,3,{HEIGHT},{WIDTH}",
                  f"--shape=right=1,3,{HEIGHT},{WIDTH}")
    numpy.testing.assert_allclose(out[0], (units(images[0]) - units(images[1])).transpose(2, 0, 1), atol=1e-6)


def endless_png(width, height):
    """The beginning of a picture that the file does not hold."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(1000))))


def test_what_is_wrong_is_one_sentence(server, tmp_path):
    whole = saved(random_image(64, 64), tmp_path / "whole.png")
    photo = saved(random_image(64, 64), tmp_path / "whole.jpg")
    for path in (whole, photo):
        (tmp_path / f"cut{path.suffix}").write_bytes(path.read_bytes()[:1000])
    (tmp_path / "vast.png").write_bytes(endless_png(10000, 10000))
    (tmp_path / "wide.png").write_bytes(endless_png(2**31 - 1, 1))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    for model, arguments, words in [
            ("channels_first", ["--image", tmp_path / "cut.png"], "cut.png' cannot be read"),
            ("channels_first", ["--image", tmp_path / "cut.jpg"], "cut.jpg' cannot be read"),
            ("channels_first", ["--image", tmp_path / "vast.png"], "more than 64 million"),
            ("channels_first", ["--image", tmp_path / "wide.png"], "wide.png' cannot be read"),
            ("channels_first", ["--image", tmp_path / "text.png"], "is neither PNG nor JPEG"),
            ("channels_first", ["--image", tmp_path / "empty.png"], "is neither PNG nor JPEG"),
            ("channels_first", ["--image", tmp_path / "absent.png"], "absent.png' cannot be read"),
            ("channels_first", ["--image", tmp_path], "cannot be read"),
            ("channels_first", ["--image", f"picture={whole}"], "has the inputs image; write --image NAME=FILE"),
            ("channels_first", ["--image", whole, "--mean", "0.1,0.2"], "has 3 channels"),
            ("channels_first", ["--image", whole, "--std", "0"], "--std"),
            ("channels_first", ["--image", whole, "--shape", "picture=1,3,2,2"], "has no input 'picture'"),
            ("channels_first", ["--image", whole, "--shape", "image=1,3,99999,99999"], "64 million"),
            ("channels_first", ["--mean", "0.5", "--input", "[1]"], "--image"),
            ("channels_first", [], "give --input JSON or --image FILE"),
            ("channels_last", ["--image", whole, "--std", "0.5"], "UINT8"),
            ("whole_numbers", ["--image", whole], "takes INT64"),
            ("flat", ["--image", whole], "[-1,6], which is no picture's"),
            ("one_grey", ["--image", whole, "--image", whole], "takes one picture, and there are 2"),
            ("never_asked", ["--image", whole], "--shape image=1,3,224,224"),
            ("pair", ["--image", whole], "has the inputs left right")]:
        said = flambeau(server, "predict", "--model", model, *arguments, code=2)
        assert words in said, said
