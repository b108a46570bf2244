#include "wire/model_admin.h"

#include <set>
#include <string>

#include "codec/json_cursor.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

Status DecodeParameter(JsonCursor* cursor, bool unload, LoadParameters* parameters) {
  const std::string name(cursor->key());
  if (unload && name == "unload_dependents") {
    FLAMBEAU_ASSIGN_OR_RETURN(parameters->unload_dependents, cursor->TakeBool());
    return OkStatus();
  }
  if (!unload && name == "config") {
    FLAMBEAU_ASSIGN_OR_RETURN(parameters->config, cursor->TakeString());
    return OkStatus();
  }
  return UnknownLoadParameter(name, unload);
}

}  // namespace

Result<LoadParameters> DecodeLoadRequest(PaddedJson body, bool unload) {
  LoadParameters parameters;
  FLAMBEAU_RETURN_IF_ERROR(DecodeOptionalBody(body, [&](JsonCursor* cursor) -> Status {
    if (cursor->key() != "parameters") {
      return InvalidArgument("the key " + cursor->Path() +
                             R"( is not known: send nothing, {} or {"parameters": {...}})");
    }
    FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
      if (!more) return OkStatus();
      FLAMBEAU_RETURN_IF_ERROR(DecodeParameter(cursor, unload, &parameters));
    }
  }));
  return parameters;
}

}  // namespace flambeau
