"""Good requests and their right answers, the same whichever way they are sent.

`predict` is the body of POST /predict/<model> and `answer` what it gives back; None where /predict
has no way to say it (a datatype that JSON does not show).
"""

import math
from dataclasses import dataclass
from typing import Any, Optional

import expected
from transports import EVERY, JSON, BINARY, RAW, Infer, Tensor, encode

ROW = [0.5, -1.0, 2.0, 0.25, -0.125, 3.0, -2.0, 1.5, 0.0, 1.0]
ROWS = [ROW, [value * 2 for value in ROW], [-value for value in ROW]]
EIGHT = ROW[:8]


@dataclass(frozen=True)
class Good:
    name: str
    request: Infer
    outputs: dict                   # name -> (datatype, shape, flat data)
    via: tuple = EVERY
    predict: Optional[dict] = None
    answer: Any = None


def linear(name, rows, **request):
    return Good(name, Infer("linear", (Tensor("input", "FP32", (len(rows), 10), expected.flat(rows)),),
                            **request),
                {"output": ("FP32", (len(rows), 5), expected.flat(expected.linear(rows)))},
                predict={"input": rows}, answer={"output": expected.linear(rows)})


def embedding(name, datatype, ids):
    looked_up = expected.embedding(ids)
    shape = (len(ids), len(ids[0]))
    return Good(name, Infer("embedding", (Tensor("ids", datatype, shape, expected.flat(ids)),)),
                {"output": ("FP32", shape + (4,), expected.flat(looked_up))},
                predict={"input": ids}, answer={"output": looked_up})


def control_flow(name, second):
    answer = expected.control_flow([EIGHT], second)
    return Good(name, Infer("control_flow", (Tensor("x", "FP32", (1, 8), EIGHT),
                                             Tensor("use_second_layer", "BOOL", (1,), [second]))),
                {"output": ("FP32", (1, 8), expected.flat(answer))},
                predict={"inputs": {"x": [EIGHT], "use_second_layer": second}},
                answer={"output": answer})


def by_parameter(name, second, inputs=()):
    """control_flow with its second argument as a parameter of the request."""
    answer = expected.control_flow([EIGHT], second)
    flag = {tensor.name: tensor.data[0] for tensor in inputs}
    return Good(name, Infer("control_flow", (Tensor("x", "FP32", (1, 8), EIGHT), *inputs),
                            parameters={"use_second_layer": second if not inputs else not second}),
                {"output": ("FP32", (1, 8), expected.flat(answer))},
                predict={"inputs": {"x": [EIGHT]} | flag,
                         "parameters": {"use_second_layer": second if not inputs else not second}},
                answer={"output": answer})


def echo(name, datatype, data, shape=None, via=None, predict=None):
    if via is None:
        via = (JSON, BINARY, RAW) if datatype in ("FP16", "BF16") else EVERY
    shape = (len(data),) if shape is None else shape
    return Good(name, Infer("echo", (Tensor("x", datatype, shape, data),)),
                {"output": (datatype, shape, data)}, via=via, predict=predict and {"input": predict},
                answer=predict and {"output": predict})


SUM = [[3.0, 5.0]]

GOOD = [
    linear("linear-one-row", [ROW]),
    linear("linear-rows", ROWS),
    linear("linear-more-rows-than-a-batch", ROWS * 14),
    linear("linear-version", [ROW], version="1"),
    linear("linear-id", [ROW], id="request 7, \"quoted\" \u00e9"),
    linear("linear-output-named", [ROW], outputs=("output",)),
    linear("linear-custom-parameters", [ROW],
           parameters={"colour": "blue", "size": 3, "ratio": 0.5, "on": True}),
    linear("linear-timeout", [ROW], parameters={"timeout": 30_000_000}),
    linear("linear-triton-parameter", [ROW], parameters={"triton_enable_empty_final_response": False}),
    Good("linear-triton-names",
         Infer("linear", (Tensor("INPUT__0", "FP32", (1, 10), ROW),), outputs=("OUTPUT__0",)),
         {"OUTPUT__0": ("FP32", (1, 5), expected.flat(expected.linear([ROW])))}),
    Good("linear-no-rows", Infer("linear", (Tensor("input", "FP32", (0, 10), []),)),
         {"output": ("FP32", (0, 5), [])}),
    embedding("embedding-int64", "INT64", [[0, 49, 7], [1, 2, 3]]),
    embedding("embedding-int32", "INT32", [[5, 6]]),
    control_flow("control-flow-false", False),
    control_flow("control-flow-true", True),
    by_parameter("parameter-is-an-argument-false", False),
    by_parameter("parameter-is-an-argument-true", True),
    by_parameter("an-input-beats-a-parameter", True, (Tensor("use_second_layer", "BOOL", (1,), [True]),)),
    Good("parameter-is-a-text-argument",
         Infer("text", (Tensor("x", "FP32", (1,), [2.5]),), parameters={"mode": "double", "x": 7}),
         {"output": ("FP32", (1,), [5.0])}),
    Good("text-double", Infer("text", (Tensor("x", "FP32", (2,), [1.0, 2.5]),
                                       Tensor("mode", "BYTES", (1,), ["double"]))),
         {"output": ("FP32", (2,), [2.0, 5.0])},
         predict={"inputs": {"x": [1.0, 2.5], "mode": "double"}}, answer={"output": [2.0, 5.0]}),
    Good("text-other", Infer("text", (Tensor("x", "FP32", (1,), [1.5]),
                                      Tensor("mode", "BYTES", (1,), ["d\u00fcnn \U0001f525"]))),
         {"output": ("FP32", (1,), [1.5])},
         predict={"inputs": {"x": [1.5], "mode": "d\u00fcnn \U0001f525"}}, answer={"output": [1.5]}),
    Good("add", Infer("add", (Tensor("a", "FP32", (1, 2), [1.0, 2.0]),
                              Tensor("b", "FP32", (1, 2), [2.0, 3.0]))),
         {"output": ("FP32", (1, 2), SUM[0])},
         predict={"inputs": {"a": [[1.0, 2.0]], "b": [[2.0, 3.0]]}}, answer={"output": SUM}),
    Good("add-reversed", Infer("add", (Tensor("b", "FP32", (1, 2), [2.0, 3.0]),
                                       Tensor("a", "FP32", (1, 2), [1.0, 2.0]))),
         {"output": ("FP32", (1, 2), SUM[0])},
         predict={"inputs": {"b": [[2.0, 3.0]], "a": [[1.0, 2.0]]}}, answer={"output": SUM}),
    Good("several", Infer("several", (Tensor("x", "FP32", (2, 2), [1.0, 2.0, 3.0, 4.0]),)),
         {"result.double": ("FP32", (2, 2), [2.0, 4.0, 6.0, 8.0]),
          "result.half": ("FP32", (2, 2), [0.5, 1.0, 1.5, 2.0])},
         predict={"input": [[1.0, 2.0], [3.0, 4.0]]},
         answer={"outputs": {"double": [[2.0, 4.0], [6.0, 8.0]], "half": [[0.5, 1.0], [1.5, 2.0]]}}),
    Good("several-one-wanted",
         Infer("several", (Tensor("x", "FP32", (1,), [3.0]),), outputs=("result.half",)),
         {"result.half": ("FP32", (1,), [1.5])}),
    Good("several-other-order",
         Infer("several", (Tensor("x", "FP32", (1,), [3.0]),), outputs=("result.half", "result.double")),
         {"result.half": ("FP32", (1,), [1.5]), "result.double": ("FP32", (1,), [6.0])}),
    echo("echo-bool", "BOOL", [True, False, True], predict=[True, False, True]),
    echo("echo-uint8", "UINT8", [0, 1, 255]),
    echo("echo-uint16", "UINT16", [0, 1, 65535]),
    echo("echo-uint32", "UINT32", [0, 1, 2**32 - 1]),
    echo("echo-uint64", "UINT64", [0, 1, 2**64 - 1]),
    echo("echo-int8", "INT8", [-128, 0, 127]),
    echo("echo-int16", "INT16", [-32768, 0, 32767]),
    echo("echo-int32", "INT32", [-2**31, 0, 2**31 - 1]),
    echo("echo-int64", "INT64", [-2**63, 2**53 + 1, 2**63 - 1], predict=[-2**63, 2**53 + 1, 2**63 - 1]),
    echo("echo-fp16", "FP16", [0.5, -65504.0, 6.103515625e-05]),
    echo("echo-fp16-rounded", "FP16", [0.1, 1 / 3]),
    echo("echo-bf16", "BF16", [0.5, -1.0, 3.3895313892515355e38]),
    echo("echo-bf16-rounded", "BF16", [0.1, 1 / 3]),
    echo("echo-fp32", "FP32", [0.1, -3.4028234663852886e38, 1e-45, -0.0, 16777217.0]),
    echo("echo-fp64", "FP64", [0.1, -1.7976931348623157e308, 5e-324, -0.0, 1 / 3]),
    echo("echo-not-finite", "FP32", [math.nan, math.inf, -math.inf], via=(BINARY, RAW)),
    echo("echo-scalar", "FP32", [2.5], shape=(), predict=2.5),
    echo("echo-empty", "FP32", [], shape=(0,)),
    echo("echo-empty-middle", "INT64", [], shape=(2, 0, 3)),
    echo("echo-rank-5", "INT64", list(range(16)), shape=(1, 2, 2, 2, 2)),
    Good("echo-predict-fractions", Infer("echo", (Tensor("x", "FP32", (3,), [1.0, 2.5, 0.1]),)),
         {"output": ("FP32", (3,), [1.0, 2.5, 0.1])}, predict={"input": [1, 2.5, 0.1]},
         answer={"output": [1.0, 2.5, 0.1]}),
]


def wanted_bytes(case):
    return {name: (datatype, tuple(shape), encode(datatype, data))
            for name, (datatype, shape, data) in case.outputs.items()}
