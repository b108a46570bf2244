// POST /v2/systemsharedmemory[/region/:region]/unregister
#pragma once

#include "http/message.h"
#include "serving/shared_memory.h"

namespace flambeau {

class SystemSharedMemoryUnregisterHandler final : public HttpHandler {
 public:
  explicit SystemSharedMemoryUnregisterHandler(SharedMemory* memory) : memory_(memory) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  SharedMemory* const memory_;
};

}  // namespace flambeau
