#include "grpc/rpcs/model_metadata.h"

#include "grpc/model_name.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

void Fill(const TensorMetadata& tensor, inference::ModelMetadataResponse::TensorMetadata* message) {
  message->set_name(tensor.name);
  message->set_datatype(tensor.datatype);
  message->mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
}

void Fill(const ModelMetadata& metadata, inference::ModelMetadataResponse* message) {
  message->set_name(metadata.name);
  for (const std::string& version : metadata.versions) message->add_versions(version);
  message->set_platform(metadata.platform);
  for (const TensorMetadata& input : metadata.inputs) Fill(input, message->add_inputs());
  for (const TensorMetadata& output : metadata.outputs) Fill(output, message->add_outputs());
  message->mutable_properties()->insert(metadata.properties.begin(), metadata.properties.end());
}

}  // namespace

Status HandleModelMetadata(const ServerInfo& info, const inference::ModelMetadataRequest& request,
                           inference::ModelMetadataResponse* response) {
  FLAMBEAU_RETURN_IF_ERROR(RequireModelName(request.name(), "name"));
  const Result<ModelMetadata> metadata = info.Model(request.name(), request.version());
  if (metadata.ok()) Fill(*metadata, response);
  return metadata.status();
}

}  // namespace flambeau
