// POST /v2/systemsharedmemory/region/:region/register
#pragma once

#include "http/message.h"
#include "serving/shared_memory.h"

namespace flambeau {

class SystemSharedMemoryRegisterHandler final : public HttpHandler {
 public:
  explicit SystemSharedMemoryRegisterHandler(SharedMemory* memory) : memory_(memory) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  SharedMemory* const memory_;
};

}  // namespace flambeau
