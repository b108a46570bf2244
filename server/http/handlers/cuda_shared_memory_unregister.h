// POST /v2/cudasharedmemory[/region/:region]/unregister
#pragma once

#include "http/message.h"

namespace flambeau {

class CudaSharedMemoryUnregisterHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override;
};

}  // namespace flambeau
