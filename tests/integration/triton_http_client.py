"""What tritonclient.http sees: triton_http_client.py PORT. Prints one JSON object."""

import json
import sys

import numpy
import tritonclient.http as triton

client = triton.InferenceServerClient(f"127.0.0.1:{sys.argv[1]}")
x = numpy.arange(20, dtype=numpy.float32).reshape(2, 10) / 10
answers = {}
for binary in (False, True):
    inputs = [triton.InferInput("input", list(x.shape), "FP32")]
    inputs[0].set_data_from_numpy(x, binary_data=binary)
    outputs = [triton.InferRequestedOutput("output", binary_data=binary)]
    result = client.infer("linear", inputs, outputs=outputs, request_id="t1")
    answers[str(binary)] = result.as_numpy("output").tolist()
    answers["id"] = result.get_response()["id"]
try:
    client.infer("nobody", inputs)
    missing = None
except triton.InferenceServerException as error:
    missing = error.status()
print(json.dumps({
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready("linear"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata("linear"),
    "index": client.get_model_repository_index(),
    "answers": answers,
    "missing": missing,
}))
