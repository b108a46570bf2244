// GET and POST /v2/trace/setting and /v2/models/:model/trace/setting
#pragma once

#include "http/message.h"
#include "serving/server_info.h"
#include "serving/trace_settings.h"

namespace flambeau {

class TraceSettingHandler final : public HttpHandler {
 public:
  TraceSettingHandler(ServerInfo* info, TraceSettings* settings)
      : info_(info), settings_(settings) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  Result<TraceValues> Answer(const HttpRequest& request) const;

  ServerInfo* const info_;
  TraceSettings* const settings_;
};

}  // namespace flambeau
