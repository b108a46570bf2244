"""The server that PyTorch's tutorial ends with, for the TorchScript file named by MODEL: run by gunicorn
as flask_server:app."""

import os

import flask
import torch

torch.set_num_threads(1)  # as many processes as cores
model = torch.jit.load(os.environ["MODEL"]).eval()
app = flask.Flask(__name__)


@app.post("/predict/<_>")
def predict(_):
    (values,) = flask.request.get_json().values()
    with torch.inference_mode():
        return flask.jsonify(output=model(torch.tensor(values)).tolist())
