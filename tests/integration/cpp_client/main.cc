// check HOST:PORT STEP: does what test_cpp_client.py wants and prints what came of it.
#include <flambeau/client.h>
#include <flambeau/shared_memory.h>

#include <cstring>
#include <future>
#include <iostream>
#include <map>

namespace {

using namespace flambeau::client;  // NOLINT(google-build-using-namespace): a short program

InferRequest Echo(const std::vector<float>& row) {
  return {.model = "echo", .inputs = {MakeTensor("x", {static_cast<int64_t>(row.size())}, row)}};
}

std::string Text(const absl::StatusOr<InferResponse>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  std::string text;
  const std::vector<float> elements = Elements<float>(answer->outputs.at(0)).value();
  for (const float element : elements) {
    text += (text.empty() ? "" : " ") + std::to_string(element);
  }
  return text;
}

// The input in one region, the output in another; nothing on the wire.
int InSharedMemory(Client* client) {
  const auto input = SharedMemory::Create(client, "input", 64);
  const auto output = SharedMemory::Create(client, "output", 64);
  if (!input.ok() || !output.ok()) {
    std::cout << input.status() << "\n";
    return 0;
  }
  const float row[] = {1.5F, -2.0F};
  std::memcpy((*input)->bytes().data() + 8, row, sizeof(row));
  InferRequest request{.model = "echo"};
  request.inputs = {{"x", "FP32", {2}, "", (*input)->Slice(8, 8)}};
  request.outputs_in_memory = {{"output", (*output)->Slice(16, 8)}};
  const auto answer = client->Infer(request);
  if (!answer.ok()) {
    std::cout << answer.status() << "\n";
    return 1;
  }
  float result[2];
  std::memcpy(result, (*output)->bytes().data() + 16, sizeof(result));
  const Tensor& tensor = answer->outputs.at(0);
  std::cout << result[0] << " " << result[1] << " at " << tensor.shared_memory.value().offset
            << ", " << tensor.bytes.size() << " bytes sent\n";
  return 0;
}

int Streamed(Client* client) {
  const auto stream = client->OpenStream([](const std::string& id, const auto& answer) {
    std::cout << id << ": " << Text(answer) << "\n";
  });
  InferRequest request = Echo({1});
  request.id = "good";
  bool sent = (*stream)->Send(request).ok();
  request.id = "bad";
  request.inputs[0].name = "y";
  sent = sent && (*stream)->Send(request).ok();
  request.id = "again";
  request.inputs[0].name = "x";
  sent = sent && (*stream)->Send(request).ok();
  std::cout << (*stream)->Finish() << "\n";
  return sent ? 0 : 1;
}

// 200 requests, 16 at a time.
int Asynchronous(Client* client) {
  constexpr int kCount = 200;
  std::promise<void> done;
  std::map<std::string, int> texts;  // of the client's thread
  int answered = 0;
  for (int i = 0; i < kCount; ++i) {
    const absl::Status begun =
        client->InferAsync(Echo({static_cast<float>(i % 2)}), [&](const auto& answer) {
          ++texts[Text(answer)];
          if (++answered == kCount) done.set_value();
        });
    if (!begun.ok()) return 1;
  }
  done.get_future().wait();
  for (const auto& [text, count] : texts) std::cout << text << ": " << count << "\n";
  return 0;
}

// The model "slow" outlasts the call, which is given up by its deadline or by somebody.
int GivenUp(Client* client) {
  InferRequest request = Echo({1});
  request.model = "slow";
  const auto late = client->Infer(request, {.timeout = std::chrono::milliseconds(100)});
  const Cancellation cancellation;
  std::promise<absl::Status> cancelled;
  const absl::Status begun =
      client->InferAsync(request, [&](const auto& answer) { cancelled.set_value(answer.status()); },
                         {.cancellation = cancellation});
  cancellation.Cancel();
  std::cout << absl::StatusCodeToString(late.status().code()) << " "
            << absl::StatusCodeToString(cancelled.get_future().get().code()) << "\n";
  return begun.ok() ? 0 : 1;
}

int Described(Client* client) {
  const auto statistics = client->Statistics("echo", "");
  const auto config = client->Config("echo", "");
  const auto metadata = client->Model("echo", "");
  if (!statistics.ok() || !config.ok() || !metadata.ok()) return 1;
  std::cout << statistics->at(0).version << " " << (statistics->at(0).success.count > 0) << " "
            << config->name << " " << (config->json.find("\"name\":\"echo\"") != std::string::npos)
            << " " << metadata->inputs.at(0).name << "\n";
  std::cout << client->Load("echo") << "\n";
  return 0;
}

int Loaded(Client* client) {
  const auto ready = [client] { return client->ModelReady("echo", "").value(); };
  const bool before = ready();
  const absl::Status unloaded = client->Unload("echo");
  const bool between = ready();
  const absl::Status loaded = client->Load("echo");
  std::cout << before << between << ready() << " " << unloaded << " " << loaded << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::map<std::string, int (*)(Client*)> steps = {
      {"shared", InSharedMemory}, {"stream", Streamed},    {"async", Asynchronous},
      {"give-up", GivenUp},       {"describe", Described}, {"load", Loaded}};
  const auto client = Client::Create(argv[1], {.max_in_flight = 16});
  if (!client.ok()) return 3;
  return steps.at(argv[2])(client->get());
}
