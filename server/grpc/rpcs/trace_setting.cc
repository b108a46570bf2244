#include "grpc/rpcs/trace_setting.h"

#include <string>
#include <vector>

#include "proto/inference.pb.h"

namespace flambeau {
namespace {

// A setting without values is one to clear.
TraceUpdate Decode(const inference::TraceSettingRequest& request) {
  TraceUpdate update;
  for (const auto& [name, value] : request.settings()) {
    auto& setting = update[name];
    if (value.value_size() == 0) continue;
    setting = std::vector<std::string>(value.value().begin(), value.value().end());
  }
  return update;
}

Result<TraceValues> Answer(const ServerInfo& info, TraceSettings* settings,
                           const inference::TraceSettingRequest& request) {
  const std::string& model = request.model_name();
  if (!model.empty()) FLAMBEAU_RETURN_IF_ERROR(info.ModelReady(model, "").status());
  return settings->Update(model, Decode(request));
}

}  // namespace

Status HandleTraceSetting(const GrpcServices& services,
                          const inference::TraceSettingRequest& request,
                          inference::TraceSettingResponse* response) {
  const Result<TraceValues> values = Answer(*services.info, services.traces, request);
  if (values.ok()) {
    for (const auto& [name, list] : *values) {
      (*response->mutable_settings())[name].mutable_value()->Add(list.begin(), list.end());
    }
  }
  return values.status();
}

}  // namespace flambeau
