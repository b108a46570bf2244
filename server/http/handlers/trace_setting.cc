#include "http/handlers/trace_setting.h"

#include <string>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/settings.h"

namespace flambeau {

void TraceSettingHandler::Handle(HttpRequest request, Responder respond) {
  const Result<TraceValues> values = Answer(request);
  if (!values.ok()) return respond(ErrorResponse(values.status()));
  respond(JsonResponse(EncodeTraceSettings(*values)));
}

Result<TraceValues> TraceSettingHandler::Answer(const HttpRequest& request) const {
  const std::string model = PathParam(request, "model");
  if (!model.empty()) FLAMBEAU_RETURN_IF_ERROR(info_->ModelReady(model, "").status());
  if (request.method != "POST") return settings_->Get(model);
  FLAMBEAU_ASSIGN_OR_RETURN(const TraceUpdate update,
                            DecodeTraceSettings(PaddedJson{request.body}));
  return settings_->Update(model, update);
}

}  // namespace flambeau
