"""Asks a Flambeau server, or any other that speaks the Open Inference Protocol.

    from flambeau_client import RestClient

    with RestClient("http://localhost:8000") as client:
        client.infer("digits", numpy_or_torch).output

GrpcClient and AsyncGrpcClient have the same methods and need the extra `grpc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .aio import AsyncGrpcClient, AsyncRestClient
from .errors import Code, FlambeauError
from .rest import RestClient
from .retry import NEVER, Retry
from .tensors import Result, Tensor

if TYPE_CHECKING:
    from .grpc_client import GrpcClient

__all__ = [
    "NEVER",
    "AsyncGrpcClient",
    "AsyncRestClient",
    "Code",
    "FlambeauError",
    "GrpcClient",
    "RestClient",
    "Result",
    "Retry",
    "Tensor",
]


def __getattr__(name: str) -> Any:
    if name == "GrpcClient":  # only who uses it needs grpcio
        from .grpc_client import GrpcClient

        return GrpcClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
