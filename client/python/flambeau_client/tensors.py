"""numpy arrays, torch tensors and nested lists to the protocol's tensors and back."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# Anything that becomes a tensor: an array, a torch tensor, a number, text, or lists of them.
Value = Any

_DATATYPES: dict[str, str] = {
    "bool": "BOOL", "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64",
    "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64",
    "float16": "FP16", "float32": "FP32", "float64": "FP64", "bfloat16": "BF16",
}  # fmt: skip
_DTYPES = {datatype: name for name, datatype in _DATATYPES.items()}


@dataclass(frozen=True)
class Tensor:
    """As the protocol has it: `data` is little-endian, row-major, without padding."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: bytes

    def numpy(self) -> Array:
        """BYTES as objects of type bytes; BF16, which numpy lacks, as float32."""
        if self.datatype == "BYTES":
            array = np.empty(len(texts := list(split_texts(self.data))), dtype=object)
            array[:] = texts
        elif self.datatype == "BF16":
            array = (np.frombuffer(self.data, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif self.datatype in _DTYPES:
            array = np.frombuffer(self.data, np.dtype(_DTYPES[self.datatype]).newbyteorder("<"))
        else:
            raise ValueError(f"{self.name!r} has datatype {self.datatype!r}, which this client does not know")
        return array.reshape(self.shape)

    def torch(self) -> Any:
        torch = importlib.import_module("torch")
        if self.datatype == "BYTES":
            raise ValueError(f"{self.name!r} holds text, for which torch has no tensor: use numpy()")
        if self.datatype == "BF16":
            return torch.frombuffer(bytearray(self.data), dtype=torch.bfloat16).reshape(self.shape)
        return torch.from_numpy(self.numpy().copy())


def split_texts(data: bytes) -> Iterable[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def _join_texts(array: Array) -> bytes:
    parts = []
    for element in array.ravel():
        text = element if isinstance(element, bytes) else str(element).encode()
        parts.append(len(text).to_bytes(4, "little") + text)
    return b"".join(parts)


def _is_torch(value: Value) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def encode(name: str, value: Value) -> Tensor:
    """Lists are typed as torch.tensor types them: whole numbers INT64, fractions FP32. A scalar has shape [1]."""
    if _is_torch(value):
        value = value.detach().cpu().contiguous()
        if str(value.dtype) == "torch.bfloat16":
            torch = importlib.import_module("torch")
            bits = value.view(torch.int16).numpy()
            return Tensor(name, "BF16", tuple(value.shape), bits.astype("<i2").tobytes())
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype == np.float64 and not isinstance(value, np.ndarray | np.generic):
        array = array.astype(np.float32)
    if array.ndim == 0:
        array = array.reshape(1)
    if array.dtype.kind in "SUO":
        return Tensor(name, "BYTES", array.shape, _join_texts(array))
    datatype = _DATATYPES.get(array.dtype.name)
    if datatype is None:
        raise TypeError(f"input {name!r} has type {array.dtype}, for which the protocol has no datatype")
    array = np.ascontiguousarray(array)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return Tensor(name, datatype, array.shape, array.tobytes())


def encode_inputs(inputs: Value) -> list[Tensor]:
    """A mapping names its inputs; anything else is the first input."""
    if isinstance(inputs, Mapping):
        return [encode(str(name), value) for name, value in inputs.items()]
    return [encode("INPUT__0", inputs)]


@dataclass(frozen=True)
class Result:
    """A model's answer. `result["name"]` is an output as a numpy array, `result.output` the only one."""

    model_name: str
    model_version: str
    id: str
    tensors: dict[str, Tensor]

    def __getitem__(self, name: str) -> Array:
        return self._tensor(name).numpy()

    @property
    def output(self) -> Array:
        return self._only().numpy()

    def torch(self, name: str | None = None) -> Any:
        """An output as a torch tensor; without a name the only one."""
        return (self._only() if name is None else self._tensor(name)).torch()

    def numpy(self) -> dict[str, Array]:
        return {name: tensor.numpy() for name, tensor in self.tensors.items()}

    def _only(self) -> Tensor:
        if len(self.tensors) != 1:
            raise ValueError(f"the answer has {len(self.tensors)} outputs: name one of {sorted(self.tensors)}")
        return next(iter(self.tensors.values()))

    def _tensor(self, name: str) -> Tensor:
        if name not in self.tensors:
            raise KeyError(f"no output {name!r}: there are {sorted(self.tensors)}")
        return self.tensors[name]
