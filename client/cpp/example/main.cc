// Asks the demo model "linear" in three ways: example HOST:PORT
#include <flambeau/client.h>

#include <future>
#include <iostream>

using flambeau::client::Client;
using flambeau::client::Elements;
using flambeau::client::InferRequest;
using flambeau::client::InferResponse;
using flambeau::client::MakeTensor;

namespace {

InferRequest Row(float value) {
  const std::vector<float> row(10, value);
  return {.model = "linear", .inputs = {MakeTensor("input", {1, 10}, row)}};
}

void Print(const char* how, const absl::StatusOr<InferResponse>& answer) {
  std::cout << how << ":";
  if (!answer.ok()) {
    std::cout << " " << answer.status() << "\n";
    return;
  }
  const std::vector<float> elements = Elements<float>(answer->outputs[0]).value();
  for (const float element : elements) std::cout << " " << element;
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto client = Client::Create(argc > 1 ? argv[1] : "127.0.0.1:8001", {});
  if (!client.ok()) {
    std::cerr << client.status().message() << "\n";
    return 1;
  }
  Print("blocking", (*client)->Infer(Row(0.5F), {.timeout = std::chrono::seconds(10)}));

  std::promise<absl::StatusOr<InferResponse>> answered;
  const absl::Status begun =
      (*client)->InferAsync(Row(1.0F), [&](auto answer) { answered.set_value(std::move(answer)); });
  if (begun.ok()) Print("asynchronous", answered.get_future().get());

  const auto stream =
      (*client)->OpenStream([](const std::string&, auto answer) { Print("streamed", answer); });
  for (const float value : {0.0F, 2.0F}) {
    if (stream.ok()) (*stream)->Send(Row(value)).IgnoreError();  // Finish tells why
  }
  const absl::Status finished = stream.ok() ? (*stream)->Finish() : stream.status();
  std::cout << "stream: " << finished << "\n";
  return finished.ok() ? 0 : 1;
}
