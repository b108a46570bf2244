"""The Open Inference Protocol over REST with binary tensors: bodies written and read, without a transport."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .errors import Code, FlambeauError, code_of_http
from .tensors import Result, Tensor, Value, encode_inputs

Parameters = Mapping[str, bool | int | float | str]
HEADER_LENGTH = "Inference-Header-Content-Length"


def model_path(model: str, version: str, rest: str = "") -> str:
    path = f"/v2/models/{quote(model, safe='')}"
    if version:
        path += f"/versions/{quote(version, safe='')}"
    return path + rest


def write_infer(inputs: Value, outputs: Sequence[str], parameters: Parameters,
                request_id: str) -> tuple[dict[str, str], bytes]:  # fmt: skip
    """(headers, body)."""
    tensors = encode_inputs(inputs)
    request: dict[str, Any] = {
        "inputs": [
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": tensor.shape,
                "parameters": {"binary_data_size": len(tensor.data)},
            }
            for tensor in tensors
        ],
        "parameters": {"binary_data_output": True, **parameters},
    }
    if outputs:
        request["outputs"] = [{"name": name} for name in outputs]
    if request_id:
        request["id"] = request_id
    head = json.dumps(request).encode()
    headers = {HEADER_LENGTH: str(len(head)), "Content-Type": "application/octet-stream"}
    return headers, head + b"".join(tensor.data for tensor in tensors)


def read_infer(header_length: str | None, body: bytes) -> Result:
    length = int(header_length) if header_length is not None else len(body)
    answer = json.loads(body[:length])
    tensors = {}
    at = length
    for output in answer.get("outputs", []):
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            raise FlambeauError(Code.UNKNOWN, f"The server sent {output['name']!r} without binary data.")
        data = body[at : at + size]
        tensors[output["name"]] = Tensor(output["name"], output["datatype"], tuple(output["shape"]), data)
        at += size
    return Result(answer["model_name"], answer.get("model_version", ""), answer.get("id", ""), tensors)


def error_of(status: int, retry_after: str | None, body: bytes) -> FlambeauError:
    try:
        message = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        message = f"HTTP {status}: {body[:200].decode(errors='replace')}"
    wait = float(retry_after) if retry_after is not None and retry_after.isdigit() else 0.0
    return FlambeauError(code_of_http(status), message, retryable=status in (429, 502, 503), retry_after=wait)


