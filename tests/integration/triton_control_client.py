"""Explicit model control by tritonclient: triton_control_client.py http|grpc PORT. One JSON object."""

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


def refusal(call):
    try:
        call()
    except triton.InferenceServerException as error:
        return error.message()
    return None


def limit():
    config = client.get_model_config("scale", **options)
    return config.get("config", config)["max_batch_size"]


seen = {"before": client.is_model_ready("scale")}
client.load_model("scale")
seen["loaded"] = client.is_model_ready("scale")
seen["limit"] = limit()
client.load_model("scale", config=json.dumps({
    "max_batch_size": 2,
    "input": [{"name": "IN", "data_type": "TYPE_FP32", "dims": [10]}],
    "output": [{"name": "OUT", "data_type": "TYPE_FP32", "dims": [10]}]}))
seen["other_limit"] = limit()
tensor = triton.InferInput("IN", [1, 10], "FP32")
tensor.set_data_from_numpy(numpy.ones((1, 10), numpy.float32))
seen["answer"] = client.infer("scale", [tensor]).as_numpy("OUT").tolist()
seen["bad_config"] = refusal(lambda: client.load_model("scale", config='{"max_batch_size": -1}'))
seen["limit_after_refusal"] = limit()
seen["files"] = refusal(lambda: client.load_model("scale", config="{}", files={"file:9/model.pt": b"x"}))
seen["unknown"] = refusal(lambda: client.load_model("nobody"))
client.unload_model("scale")
seen["unloaded"] = client.is_model_ready("scale")
seen["infer_unloaded"] = refusal(lambda: client.infer("scale", [tensor]))
print(json.dumps(seen))
