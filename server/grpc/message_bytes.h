// Protobuf messages from and to what gRPC carries.
// Threads: any, each with messages of its own.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "base/status.h"

namespace google::protobuf {
class Message;
}

namespace flambeau {

// Gives `bytes` back once they are parsed.
// Errors: INVALID_ARGUMENT "the message is not a ModelInferRequest; ...".
Status ParseMessage(grpc::ByteBuffer* bytes, google::protobuf::Message* message);

// What is told of a call whose client sent none.
Status NoMessage();

grpc::ByteBuffer WriteMessage(const google::protobuf::Message& message);

}  // namespace flambeau
