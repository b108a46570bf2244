"""tritonclient against a repository of Triton's: triton_config_client.py http|grpc PORT. One JSON object.

The models are those of test_model_config.py.
"""

import json
import sys

import numpy

transport, port = sys.argv[1:]
if transport == "http":
    import tritonclient.http as triton
else:
    import tritonclient.grpc as triton
client = triton.InferenceServerClient(f"127.0.0.1:{port}")
options = {} if transport == "http" else {"as_json": True}


def infer(model, names, arrays, outputs, version=""):
    inputs = []
    for name, array in zip(names, arrays):
        inputs.append(triton.InferInput(name, list(array.shape), "FP32"))
        inputs[-1].set_data_from_numpy(array)
    asked = [triton.InferRequestedOutput(name) for name in outputs]
    result = client.infer(model, inputs, outputs=asked, model_version=version)
    return {name: result.as_numpy(name).tolist() for name in outputs}


def refusal(call):
    try:
        call()
    except triton.InferenceServerException as error:
        return error.message()
    return None


x = numpy.arange(20, dtype=numpy.float32).reshape(2, 10) / 10
pair = numpy.arange(8, dtype=numpy.float32).reshape(2, 4)
seen = {
    "scale": {version: infer("scale", ["INPUT__0"], [x], ["OUTPUT__0"], version)["OUTPUT__0"]
              for version in ("", "1", "3")},
    "missing_version": refusal(lambda: infer("scale", ["INPUT__0"], [x], ["OUTPUT__0"], "2")),
    "pair": infer("pair", ["RIGHT__1", "LEFT__0"], [pair + 1, pair], ["DIFFERENCE__1", "SUM__0"]),
    "reshaped": infer("reshaped", ["x"], [pair.reshape(2, 2, 2)], ["y"])["y"],
    "too_many": refusal(lambda: infer("scale", ["INPUT__0"], [numpy.repeat(x, 5, axis=0)], ["OUTPUT__0"])),
    "metadata": {model: client.get_model_metadata(model, **options) for model in ("scale", "pair", "reshaped")},
    "config": {model: client.get_model_config(model, **options) for model in ("scale", "pair", "reshaped")},
}
print(json.dumps(seen))
