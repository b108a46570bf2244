#include "grpc/message_bytes.h"

#include <google/protobuf/message.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

namespace flambeau {

Status ParseMessage(grpc::ByteBuffer* bytes, google::protobuf::Message* message) {
  {
    grpc::ProtoBufferReader reader(bytes);
    if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
      const auto& type = *message->GetDescriptor();
      return InvalidArgument("the message is not a " + type.name() + "; generate the client from " +
                             type.file()->name());
    }
  }
  bytes->Clear();
  return OkStatus();
}

Status NoMessage() { return InvalidArgument("the call came without its message; send one"); }

grpc::ByteBuffer WriteMessage(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

}  // namespace flambeau
