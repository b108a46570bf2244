// GET /v2/systemsharedmemory[/region/:region]/status
#pragma once

#include "http/message.h"
#include "serving/shared_memory.h"

namespace flambeau {

class SystemSharedMemoryStatusHandler final : public HttpHandler {
 public:
  explicit SystemSharedMemoryStatusHandler(SharedMemory* memory) : memory_(memory) {}
  void Handle(HttpRequest request, Responder respond) override;

 private:
  SharedMemory* const memory_;
};

}  // namespace flambeau
