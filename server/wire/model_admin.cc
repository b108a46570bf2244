#include "wire/model_admin.h"

#include <set>
#include <string>

#include "codec/json_cursor.h"

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
  JsonCursor cursor(body.text);
  const char* const end = body.text.data() + body.text.size();
  if (SkipBlanks(body.text.data(), end) == end) return parameters;
  FLAMBEAU_RETURN_IF_ERROR(cursor.EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    if (cursor.key() != "parameters") {
      return InvalidArgument("the key " + cursor.Path() +
                             R"( is not known: send nothing, {} or {"parameters": {...}})");
    }
    FLAMBEAU_RETURN_IF_ERROR(cursor.EnterObject());
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool parameter, cursor.NextKey());
      if (!parameter) break;
      FLAMBEAU_RETURN_IF_ERROR(DecodeParameter(&cursor, unload, &parameters));
    }
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  return parameters;
}

}  // namespace flambeau
