"""What tritonclient.grpc sees: triton_grpc_client.py PORT. Prints one JSON object."""

import json
import sys

import numpy
import tritonclient.grpc as triton

client = triton.InferenceServerClient(f"127.0.0.1:{sys.argv[1]}")
x = numpy.arange(20, dtype=numpy.float32).reshape(2, 10) / 10
inputs = [triton.InferInput("input", list(x.shape), "FP32")]
inputs[0].set_data_from_numpy(x)
result = client.infer("linear", inputs, outputs=[triton.InferRequestedOutput("output")],
                      request_id="t1", client_timeout=60)
try:
    client.infer("nobody", inputs)
    missing = None
except triton.InferenceServerException as error:
    missing = error.status()
print(json.dumps({
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready("linear"),
    "server": client.get_server_metadata(as_json=True),
    "model": client.get_model_metadata("linear", as_json=True),
    "index": client.get_model_repository_index(as_json=True)["models"],
    "answers": {"True": result.as_numpy("output").tolist(), "id": result.get_response().id},
    "missing": missing,
}))
