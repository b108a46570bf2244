// The bare cost of a gRPC call: answers every unary call with the bytes of its request, through a
// generic service, so that nothing is parsed.
//   grpc_echo callback|async [threads] [port]
//   flambeau bench linear --server 127.0.0.1:PORT --input input=@row.npy
// (a request for metadata or an inference reads as an answer; the array brings its own datatype,
// which this server does not know). `threads` are the async form's own. It stops when standard
// input ends.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

class EchoReactor final : public grpc::ServerGenericBidiReactor {
 public:
  EchoReactor() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no message"));
    StartWriteAndFinish(&message_, {}, grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class CallbackEcho final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new EchoReactor;
  }
};

// One call of the async form: asked for, read, answered, and then asked for again.
class AsyncCall {
 public:
  AsyncCall(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue) {
    service_->RequestCall(&context_, &stream_, queue_, queue_, this);
  }
  void Proceed(bool ok) {
    if (!ok || step_ == 2) {
      if (step_ == 2) new AsyncCall(service_, queue_);
      delete this;
      return;
    }
    if (step_++ == 0) return stream_.Read(&message_, this);
    stream_.WriteAndFinish(message_, {}, grpc::Status::OK, this);
  }

 private:
  grpc::AsyncGenericService* const service_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer message_;
  int step_ = 0;
};

void Serve(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue) {
  constexpr int kOpenCalls = 64;
  for (int i = 0; i < kOpenCalls; ++i) new AsyncCall(service, queue);
  void* tag = nullptr;
  for (bool ok = false; queue->Next(&tag, &ok);) static_cast<AsyncCall*>(tag)->Proceed(ok);
}

}  // namespace

int main(int argc, char** argv) {
  const bool async = argc > 1 && std::string(argv[1]) == "async";
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  int port = argc > 3 ? std::atoi(argv[3]) : 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &port);
  CallbackEcho callback_service;
  grpc::AsyncGenericService async_service;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  if (async) {
    builder.RegisterAsyncGenericService(&async_service);
    for (int i = 0; i < threads; ++i) queues.push_back(builder.AddCompletionQueue());
  } else {
    builder.RegisterCallbackGenericService(&callback_service);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::vector<std::thread> servers;
  servers.reserve(queues.size());
  for (const auto& queue : queues) {
    servers.emplace_back([&] { Serve(&async_service, queue.get()); });
  }
  std::cout << "port " << port << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  std::_Exit(0);
}
