#include "grpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "grpc/message_bytes.h"
#include "grpc/status_mapping.h"
#include "proto/reflection.pb.h"

namespace flambeau {
namespace {

namespace pb = google::protobuf;
namespace reflection = grpc::reflection::v1alpha;

const pb::DescriptorPool& Pool() { return *pb::DescriptorPool::generated_pool(); }

// What it imports comes first, as a reader wants it. Each file once.
void AddFile(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>* added,
             reflection::FileDescriptorResponse* response) {
  if (!added->insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
  pb::FileDescriptorProto message;
  file.CopyTo(&message);
  response->add_file_descriptor_proto(message.SerializeAsString());
}

Status TellFile(const pb::FileDescriptor* file, const std::string& asked,
                reflection::ServerReflectionResponse* response) {
  if (file == nullptr) return NotFound("there is no '" + asked + "' here");
  std::set<const pb::FileDescriptor*> added;
  AddFile(*file, &added, response->mutable_file_descriptor_response());
  return OkStatus();
}

// None of our messages has extensions.
Status TellExtensions(const std::string& type, reflection::ServerReflectionResponse* response) {
  if (Pool().FindMessageTypeByName(type) == nullptr) {
    return NotFound("there is no message '" + type + "' here");
  }
  response->mutable_all_extension_numbers_response()->set_base_type_name(type);
  return OkStatus();
}

Status TellServices(const std::vector<std::string>& services,
                    reflection::ServerReflectionResponse* response) {
  for (const std::string& name : services) {
    response->mutable_list_services_response()->add_service()->set_name(name);
  }
  return OkStatus();
}

Status Tell(const std::vector<std::string>& services,
            const reflection::ServerReflectionRequest& request,
            reflection::ServerReflectionResponse* response) {
  using Request = reflection::ServerReflectionRequest;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return TellFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename(),
                      response);
    case Request::kFileContainingSymbol:
      return TellFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
                      request.file_containing_symbol(), response);
    case Request::kFileContainingExtension:
      return NotFound("no message has extensions here");
    case Request::kAllExtensionNumbersOfType:
      return TellExtensions(request.all_extension_numbers_of_type(), response);
    case Request::kListServices:
      return TellServices(services, response);
    case Request::MESSAGE_REQUEST_NOT_SET:
      break;
  }
  return InvalidArgument("the request asks for nothing; set one of its fields");
}

// Answers one request after the other.
class ReflectionCall final : public RpcReactor {
 public:
  ReflectionCall(Rpc* rpc, const std::vector<std::string>& services)
      : rpc_(rpc), services_(services) {}

  void OnStart() override { rpc_->StartRead(&request_); }
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;

 private:
  Rpc* const rpc_;
  const std::vector<std::string>& services_;  // the route's
  grpc::ByteBuffer request_;
};

void ReflectionCall::OnReadDone(bool ok) {
  if (!ok) return rpc_->Finish(grpc::Status::OK);
  reflection::ServerReflectionRequest request;
  if (const Status parsed = ParseMessage(&request_, &request); !parsed.ok()) {
    return rpc_->Finish(ToGrpcStatus(parsed));
  }
  reflection::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  if (const Status told = Tell(services_, request, &response); !told.ok()) {
    const grpc::Status error = ToGrpcStatus(told);
    response.mutable_error_response()->set_error_code(error.error_code());
    response.mutable_error_response()->set_error_message(error.error_message());
  }
  rpc_->StartWrite(WriteMessage(response));
}

void ReflectionCall::OnWriteDone(bool ok) {
  if (!ok) return rpc_->Finish(grpc::Status::CANCELLED);
  rpc_->StartRead(&request_);
}

// Of "/package.Service/Method", those whose descriptors are here.
std::vector<std::string> ServicesOf(const RpcRoutes& routes) {
  std::set<std::string> services;
  for (const auto& [path, start] : routes) {
    const std::string service = path.substr(1, path.rfind('/') - 1);
    if (Pool().FindServiceByName(service) != nullptr) services.insert(service);
  }
  return {services.begin(), services.end()};
}

}  // namespace

void AddReflectionRoutes(RpcRoutes* routes) {
  constexpr char kNewest[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  constexpr char kOlder[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  (*routes)[kOlder] = nullptr;  // listed too
  const RpcStart start = [services = ServicesOf(*routes)](Rpc* rpc) {
    return std::make_shared<ReflectionCall>(rpc, services);
  };
  // Each route has a list of its own, which outlives its calls.
  (*routes)[kOlder] = start;
  (*routes)[kNewest] = start;
}

}  // namespace flambeau
