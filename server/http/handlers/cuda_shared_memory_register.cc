#include "http/handlers/cuda_shared_memory_register.h"

#include <utility>

#include "http/status_mapping.h"
#include "serving/cuda_shared_memory.h"

namespace flambeau {

void CudaSharedMemoryRegisterHandler::Handle(HttpRequest /*request*/, Responder respond) {
  respond(ErrorResponse(RegisterCudaSharedMemory()));
}

}  // namespace flambeau
