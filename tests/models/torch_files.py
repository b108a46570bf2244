#!/usr/bin/env python3
"""Writes files of every kind that users have: torch_files.py DIR.

DIR/files.json says of each what the backend must make of it: the answers that LibTorch gives in
Python, or the words with which it must be refused.
"""

import io
import json
import os
import pickle
import random
import sys
import tarfile
import zipfile
from typing import Dict, List, Optional

import torch
import torch_cases
from torch import Tensor, nn
from torch.ao import quantization
from torch_cases import Writer, clone, encode, raw_zip, rewritten

MUTATIONS = 300
MUTATED_LINES = 60
ENGINE = torch.backends.quantized.engine  # what runs a quantised model, whatever it was made for


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x))


class Hybrid(nn.Module):
    """A scripted part, with control flow, inside of a traced whole."""

    def __init__(self):
        super().__init__()
        self.part = torch.jit.script(Clipped())
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.part(self.fc(x))


class Clipped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(x.dim()):
            x = x.clamp(-1.0, 1.0)
        return x


class Attributes(nn.Module):
    """Attributes of every kind that a file can hold, tensors inside of containers among them."""

    scale: float
    names: List[str]

    def __init__(self):
        super().__init__()
        self.scale = 0.5
        self.names = ["a", "b"]
        self.offsets: Dict[str, Tensor] = {"a": torch.ones(4), "b": torch.full([4], 2.0)}
        self.missing: Optional[Tensor] = None
        self.pair = (torch.arange(4.0), 3)
        self.register_buffer("buffer", torch.tensor([1.0, -1.0, 1.0, -1.0]))

    def forward(self, x: Tensor) -> Tensor:
        for name in self.names:
            x = x * self.scale + self.offsets[name]
        if self.missing is not None:
            x = x * 0
        return x * self.buffer + self.pair[0] * self.pair[1]


class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
        self.conv = nn.Conv2d(1, 2, 3)
        self.fc = nn.Linear(2 * 36, 3)

    def forward(self, x):
        x = torch.relu(self.conv(self.quant(x)))
        return self.dequant(self.fc(torch.flatten(x, 1)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 5, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


class Divides(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.div(x, y)


class Fills(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.full([2], 7) + x


class Spaced(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linspace(0, 1, 3) + x


class Gelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.gelu(x)


class MadeOnAGpu(nn.Module):
    """Names its device, as a trace that was made there does."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(4, device="cuda")


# ---- Hostile ---------------------------------------------------------------------------------

innocent = torch.from_file


class Aliased(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + innocent("/etc/hostname", False, 4, dtype=torch.uint8)


@torch.jit.script
class Reader:
    def __init__(self, name: str):
        self.name = name

    def read(self) -> Tensor:
        return torch.from_file(self.name, False, 4, dtype=torch.uint8)


class InAClass(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        reader = Reader("/etc/hostname")
        return x + len(reader.name)


class InASecondMethod(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1

    @torch.jit.export
    def other(self, x: Tensor) -> Tensor:
        if x.dim() > 7:
            x = torch.from_file("/etc/hostname", False, 4, dtype=torch.uint8)
        return x


@torch.jit.script
class Few:
    def __init__(self):
        self.a = 1


@torch.jit.script
class Many:
    def __init__(self):
        self.a, self.b, self.c, self.d = 1, 2, 3, 4

    def last(self) -> int:
        return self.d


class HoldsObjects(nn.Module):
    def __init__(self):
        super().__init__()
        self.few = Few()
        self.many = [Many()]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.few.a + self.many[0].last()


class Relu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


def line_of(text):
    with open(__file__, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


class Files(Writer):
    def __init__(self, directory):
        super().__init__(directory)
        self.cases = {"good": [], "refused": [], "planted": [], "mutated": []}

    def good(self, file, *arguments, answer=None):
        """What the file holds when Python loads it, asked once; or `answer`, where Python cannot."""
        if answer is None:
            answer = torch.jit.load(self.path(file)).eval()(*clone(arguments))
        self.cases["good"].append({
            "file": file,
            "item": [encode(value) for value in arguments],
            "expected": encode(answer),
        })

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)


def quantised(engine):
    torch.backends.quantized.engine = engine
    model = Quantised().eval()
    model.qconfig = quantization.get_default_qconfig(engine)
    quantization.prepare(model, inplace=True)
    model(torch.randn(8, 1, 8, 8))
    quantization.convert(model, inplace=True)
    return model


def write_good(files):
    x = torch.randn(2, 4)
    small = Small().eval()
    scripted = torch.jit.script(small)
    scripted.save(files.path("scripted.pt"))
    torch.jit.trace(small, x).save(files.path("traced.pth"))
    torch.jit.trace(Hybrid().eval(), x).save(files.path("hybrid.jit"))
    torch.jit.freeze(scripted).save(files.path("frozen.torchscript"))
    scripted._save_for_lite_interpreter(files.path("lite.ptl"))
    scripted.save(files.path("extra.pt"), _extra_files={
        "flambeau.json": b'{"description": "A test."}', "notes.npy": b"", "version": b"99"})
    torch.jit.script(Attributes().eval()).save(files.path("attributes.pt"))
    for name in ("scripted.pt", "traced.pth", "hybrid.jit", "frozen.torchscript", "lite.ptl",
                 "extra.pt", "attributes.pt"):
        files.good(name, x)
    torch.jit.script(MadeOnAGpu()).save(files.path("made_on_a_gpu.pt"))
    files.good("made_on_a_gpu.pt", x, answer=x + torch.arange(4))
    image = torch.randn(2, 1, 8, 8)
    for engine in ("fbgemm", "x86", "qnnpack"):
        if engine not in torch.backends.quantized.supported_engines:
            continue
        model = quantised(engine)
        torch.jit.script(model).save(files.path(f"quantised_{engine}.pt"))
        torch.jit.trace(model, image).save(files.path(f"quantised_traced_{engine}.pt"))
        torch.backends.quantized.engine = ENGINE
        files.good(f"quantised_{engine}.pt", image)
        files.good(f"quantised_traced_{engine}.pt", image)
    torch.backends.quantized.engine = "fbgemm"
    recurrent = quantization.quantize_dynamic(Recurrent().eval(), {nn.LSTM})
    torch.jit.script(recurrent).save(files.path("quantised_lstm.pt"))
    files.good("quantised_lstm.pt", torch.randn(2, 3, 4))
    torch.jit.script(quantised("fbgemm"))._save_for_lite_interpreter(files.path("quantised.ptl"))
    files.good("quantised.ptl", image)


def write_old(files):
    """Files as older versions wrote them; what an operator meant then still holds."""
    integers = [torch.tensor([7, -7]), torch.tensor([2, 2])]
    for name, model, arguments in [("divides", Divides(), integers),
                                   ("fills", Fills(), [torch.ones(2)]),
                                   ("spaced", Spaced(), [torch.ones(3)]),
                                   ("gelu", Gelu(), [torch.randn(4)])]:
        torch.jit.script(model).save(files.path(f"{name}_now.pt"))
        files.good(f"{name}_now.pt", *arguments)
        for version in (1, 2, 3, 4, 7):
            old = f"{name}_{version}.pt"
            files.write(old, rewritten(
                files.path(f"{name}_now.pt"),
                lambda entry, data, v=version: b"%d\n" % v if entry.endswith("/version") else data))
            files.good(old, *arguments)
    # Neither a byte order nor an id, as before 2.1; and one packed anew by another program.
    with zipfile.ZipFile(files.path("scripted.pt")) as archive:
        kept = [(name, archive.read(name)) for name in archive.namelist()
                if not name.endswith(("byteorder", "serialization_id"))]
    files.write("plain.pt", raw_zip(kept))
    files.good("plain.pt", torch.randn(2, 4))
    with zipfile.ZipFile(files.path("packed.pt"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept:
            archive.writestr(name, data)
    files.good("packed.pt", torch.randn(2, 4))


def tarred(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in entries:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def write_refused(files):
    weights = Small().state_dict()
    torch.save(weights, files.path("state_dict.pt"))
    files.refused("state_dict.pt", "is a state_dict")
    torch.save({"model": weights, "epoch": 3, "optimizer": {"lr": 0.1}}, files.path("checkpoint.pt"))
    files.refused("checkpoint.pt", "is a state_dict")
    torch.save(weights, files.path("old_state_dict.pt"), _use_new_zipfile_serialization=False)
    files.refused("old_state_dict.pt", "is a state_dict")
    torch.save(nn.Sequential(nn.Linear(3, 2)), files.path("eager.pt"))
    files.refused("eager.pt", "eager module or object written by torch.save (torch.nn.modules.")
    torch.save(nn.Linear(3, 2), files.path("old_eager.pt"), _use_new_zipfile_serialization=False)
    files.refused("old_eager.pt", "(torch.nn.modules.linear.Linear)")
    files.refused("values.pkl", "a pickle of Python values", pickle.dumps({"a": [1]}, protocol=4))
    files.refused("page.pt", "a web page", b"\n<!DOCTYPE html><html><body>Sign in</body></html>")
    files.refused("error.pt", "an XML text", b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>")
    files.refused("packed.tar", "packed by tar", tarred([("model.pt", b"x")]))
    files.refused("packed.gz", "packed by gzip", b"\x1f\x8b\x08\x00" + bytes(20))
    files.refused("keras.h5", "HDF5", b"\x89HDF\r\n\x1a\n" + bytes(40))
    files.refused("mobile.tflite", "TensorFlow Lite", b"\x1c\x00\x00\x00TFL3" + bytes(40))
    files.refused("executorch.pte", "ExecuTorch", b"\x1c\x00\x00\x00ET12" + bytes(40))
    files.refused("llama.gguf", "GGUF", b"GGUF\x03\x00\x00\x00" + bytes(40))
    files.refused("serve.mar", "TorchServe", raw_zip([("MAR-INF/MANIFEST.json", b"{}")]))
    files.refused("arrays.npz", "NumPy", raw_zip([("x.npy", b"\x93NUMPY")]))
    files.refused("keras.keras", "Keras", raw_zip([("model.weights.h5", b"")]))
    files.refused("package.pt", "torch.package", raw_zip([
        ("p/.data/extern_modules", b""), ("p/.data/version", b"6\n"), ("p/version", b"6\n")]))
    files.refused("legacy_script.pt", "older than PyTorch 1.4", raw_zip([
        ("m/model.json", b"{}"), ("m/version", b"1\n")]))
    files.refused("bare.pt", "without its end", b"PK\x03\x04" + bytes(60))

    def changed(name, says, entry, data):
        files.refused(name, says, rewritten(
            files.path("scripted.pt"),
            lambda found, old: data if found.endswith("/" + entry) else old))

    changed("newer.pt", "a newer PyTorch", "version", b"11\n")
    changed("much_newer.pt", "a newer PyTorch", "version", b"4000000000\n")
    changed("ancient.pt", "older than PyTorch 1.0", "version", b"0\n")
    changed("no_version.pt", "damaged", "version", b"x\n")
    changed("big_endian.pt", "big-endian", "byteorder", b"big")
    changed("no_pickle.pt", "save it again", "data.pkl", b"")
    changed("other_pickle.pt", "a value, not a module", "data.pkl", b"\x80\x02K\x01.")
    changed("list.pt", "constants are no tuple", "constants.pkl", b"\x80\x02]q\x00.")


def write_hostile(files):
    for name, module in [("aliased", Aliased()), ("in_a_class", InAClass()),
                         ("in_a_second_method", InASecondMethod())]:
        torch.jit.script(module.eval()).save(files.path(name + ".pt"))
    for name, place, text in [("aliased", "Aliased.forward", "return x + innocent("),
                              ("in_a_class", "Reader.read", "return torch.from_file("),
                              ("in_a_second_method", "InASecondMethod.other", "x = torch.from_file(")]:
        files.refused(name + ".pt", f"'aten::from_file' (in '{place}', line {line_of(text)})")
    torch.jit.script(Relu()).save(files.path("relu.pt"))
    torch.jit.script(HoldsObjects()).save(files.path("objects.pt"))
    files.good("objects.pt", torch.ones(2))
    # An object of a class with fewer attributes than the code that uses it reads.
    files.refused("other_class.pt", "is not of the class that its code has", rewritten(
        files.path("objects.pt"), lambda entry, data: data.replace(b"Many\n", b"Few\n")
        if entry.endswith("/data.pkl") else data))
    # By the operator's own name in place of its Python one.
    files.refused("by_operator.pt", "aten::from_file", rewritten(
        files.path("relu.pt"),
        lambda _, data: data.replace(
            b"torch.relu(x)", b"ops.aten.from_file(\"/etc/hostname\", False, 4, dtype=0)")))

    # A __setstate__ that writes a file: of the module, and of an object among the constants.
    torch.jit.script(torch_cases.WritesFileOnLoad()).save(files.path("plants.template"))
    template = rewritten(files.path("plants.template"), lambda _, data: data.replace(
        b'"PATH"', json.dumps(files.path("planted")).encode()))
    os.remove(files.path("plants.template"))
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        pickled = archive.read("plants/data.pkl")
        code = ("relu/code/__torch__/torch_cases.py",
                archive.read("plants/code/__torch__/torch_cases.py"))
    with zipfile.ZipFile(files.path("relu.pt")) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    entries = [(name, pickled[:-1] + b"\x85." if name.endswith("/constants.pkl") else data)
               for name, data in entries] + [code]  # the object, in a tuple of one
    for name, data in [("plants.pt", template), ("plants_by_constants.pt", raw_zip(entries))]:
        files.refused(name, "aten::from_file", data)
        files.cases["planted"].append(name)


def mutate(data, chance):
    """One small change, as a broken disk or a hostile hand makes it."""
    data = bytearray(data)
    at = chance.randrange(len(data))
    kind = chance.randrange(5)
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at] = chance.randrange(256)
    elif kind == 2:
        del data[at:at + chance.randrange(1, 9)]
    elif kind == 3:
        data[at:at] = data[chance.randrange(len(data)):][:chance.randrange(1, 17)]
    else:
        del data[at:]
    return bytes(data)


def write_mutated(files):
    """Changed records in archives whose checksums are right: only the readers of what is in them
    can notice."""
    chance = random.Random(5)
    sources = [name for name in ("scripted.pt", "frozen.torchscript", "attributes.pt", "lite.ptl",
                                 "quantised_fbgemm.pt") if os.path.exists(files.path(name))]
    archives = []
    for name in sources:
        with zipfile.ZipFile(files.path(name)) as archive:
            archives.append([(entry, archive.read(entry)) for entry in archive.namelist()])
    os.makedirs(files.path("mutated"), exist_ok=True)
    for i in range(MUTATIONS):
        entries = list(archives[i % len(archives)])
        pickles = [k for k, (name, data) in enumerate(entries)
                   if data and name.endswith((".pkl", ".py"))]
        every = [k for k, (_, data) in enumerate(entries) if data]
        k = chance.choice(pickles if i % 8 else every)
        entries[k] = (entries[k][0], mutate(entries[k][1], chance))
        file = f"mutated/{i}.pt"
        files.write(file, raw_zip(entries))
        files.cases["mutated"].append(file)


def write_mutated_lines(files):
    """The same in what tells the author's lines, which is read only once a model is refused."""
    chance = random.Random(6)
    with zipfile.ZipFile(files.path("in_a_class.pt")) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    for i in range(MUTATED_LINES):
        file = f"mutated/lines_{i}.pt"
        files.write(file, raw_zip([
            (name, mutate(data, chance) if name.endswith(".debug_pkl") else data)
            for name, data in entries]))
        files.cases["mutated"].append(file)


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    torch.manual_seed(7)
    torch.set_num_threads(1)
    files = Files(directory)
    for write in (write_good, write_old, write_refused, write_hostile, write_mutated,
                  write_mutated_lines):
        write(files)
    files.finish("files.json")


if __name__ == "__main__":
    sys.exit(main())
