// GET /v2/cudasharedmemory[/region/:region]/status
#pragma once

#include "http/message.h"

namespace flambeau {

class CudaSharedMemoryStatusHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override;
};

}  // namespace flambeau
