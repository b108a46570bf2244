// POST /v2/cudasharedmemory/region/:region/register
#pragma once

#include "http/message.h"

namespace flambeau {

class CudaSharedMemoryRegisterHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override;
};

}  // namespace flambeau
