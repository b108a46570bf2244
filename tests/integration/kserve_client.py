"""What KServe's clients see: kserve_client.py FOLDER HTTP_PORT GRPC_PORT. Prints one JSON object.

FOLDER is where kserve_requirements.txt is unpacked. The package itself imports its model server and the
Kubernetes API; only its clients are wanted here, so its __init__ is not run.
"""

import asyncio
import json
import os
import sys
import types

folder, http_port, grpc_port = sys.argv[1:]
sys.path.insert(0, folder)
package = types.ModuleType("kserve")
package.__path__ = [os.path.join(folder, "kserve")]
sys.modules["kserve"] = package

import numpy  # noqa: E402
from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig  # noqa: E402
from kserve.protocol.infer_type import InferInput, InferRequest  # noqa: E402


def request(x, binary):
    tensor = InferInput("input", list(x.shape), "FP32")
    tensor.set_data_from_numpy(x, binary_data=binary)
    return InferRequest(model_name="linear", infer_inputs=[tensor], request_id="k1")


async def over_rest(x):
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    base = f"http://127.0.0.1:{http_port}"
    seen = {"live": await client.is_server_live(base), "ready": await client.is_server_ready(base),
            "model_ready": await client.is_model_ready(base, "linear")}
    for binary in (False, True):
        answer = await client.infer(base, request(x, binary), model_name="linear")
        seen[f"binary={binary}"] = answer.outputs[0].as_numpy().tolist()
        seen["id"] = answer.id
    await client.close()
    return seen


async def over_grpc(x):
    client = InferenceGRPCClient(f"127.0.0.1:{grpc_port}")
    seen = {"live": await client.is_server_live(), "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("linear")}
    for binary in (False, True):
        answer = await client.infer(request(x, binary))
        seen[f"binary={binary}"] = answer.outputs[0].as_numpy().tolist()
        seen["id"] = answer.id
    await client.close()
    return seen


async def main():
    x = numpy.arange(20, dtype=numpy.float32).reshape(2, 10) / 10
    return {"rest": await over_rest(x), "grpc": await over_grpc(x)}


print(json.dumps(asyncio.run(main())))
