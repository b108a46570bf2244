#include "grpc/model_name.h"

namespace flambeau {

Status RequireModelName(const std::string& name, const std::string& field) {
  if (!name.empty()) return OkStatus();
  return InvalidArgument(field + " is empty; RepositoryIndex lists the models there are");
}

}  // namespace flambeau
