"""What tritonclient reads of the statistics: triton_statistics_client.py http|grpc PORT.

Asks `linear` three times for two rows and once for something it refuses, `cached` twice for the
same, and prints one JSON object of what get_inference_statistics returns.
"""

import importlib
import json
import sys

import numpy

triton = importlib.import_module(f"tritonclient.{sys.argv[1]}")
client = triton.InferenceServerClient(f"127.0.0.1:{sys.argv[2]}")
as_json = {"as_json": True} if sys.argv[1] == "grpc" else {}


def ask(model, name, x):
    tensor = triton.InferInput(name, list(x.shape), "FP32")
    tensor.set_data_from_numpy(x)
    return client.infer(model, [tensor])


def statistics(*arguments):
    return client.get_inference_statistics(*arguments, **as_json)["model_stats"]


x = numpy.ones((2, 10), dtype=numpy.float32)
for _ in range(3):
    ask("linear", "input", x)
try:
    ask("linear", "input", x[:, :3])
    refused = False
except triton.InferenceServerException:
    refused = True
answers = [ask("cached", "input", x) for _ in range(2)]
(output,) = [entry["name"] for entry in client.get_model_metadata("cached", **as_json)["outputs"]]
try:
    statistics("nobody")
    missing = None
except triton.InferenceServerException as error:
    missing = error.status()
print(json.dumps({
    "extensions": client.get_server_metadata(**as_json)["extensions"],
    "refused": refused,
    "same": bool((answers[0].as_numpy(output) == answers[1].as_numpy(output)).all()),
    "all": statistics(),
    "one": statistics("linear"),
    "version": statistics("linear", "1"),
    "missing": missing,
}))
