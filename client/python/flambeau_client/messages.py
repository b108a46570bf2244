"""The protocol's gRPC messages, from a pool of their own: tritonclient and kserve, whose stubs define the same
package, may live in the same process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from .rest_messages import Parameters
from .tensors import Result, Tensor, Value, encode_inputs


def _load() -> Any:
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString((resources.files(__package__) / "inference.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


_POOL = _load()
SERVICE = "inference.GRPCInferenceService"


def message(name: str) -> Any:
    """The class of the message inference.<name>."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"inference.{name}"))


def write_infer(model: str, version: str, inputs: Value, outputs: Sequence[str], parameters: Parameters,
                request_id: str) -> Any:  # fmt: skip
    request = message("ModelInferRequest")(model_name=model, model_version=version, id=request_id)
    for tensor in encode_inputs(inputs):
        request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        request.raw_input_contents.append(tensor.data)
    for name in outputs:
        request.outputs.add(name=name)
    for key, value in parameters.items():
        _set_parameter(request.parameters[key], value)
    return request


def _set_parameter(parameter: Any, value: bool | int | float | str) -> None:
    if isinstance(value, bool):
        parameter.bool_param = value
    elif isinstance(value, int):
        parameter.int64_param = value
    elif isinstance(value, float):
        parameter.double_param = value
    else:
        parameter.string_param = value


def read_infer(answer: Any) -> Result:
    tensors = {
        output.name: Tensor(output.name, output.datatype, tuple(output.shape), raw)
        for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True)
    }
    return Result(answer.model_name, answer.model_version, answer.id, tensors)


def as_json(answer: Any) -> dict[str, Any]:
    """As REST has it: with the names of the .proto file, and with fields that have their default."""
    text = json_format.MessageToJson(answer, preserving_proto_field_name=True, descriptor_pool=_POOL)
    parsed: dict[str, Any] = json.loads(text)
    return parsed
