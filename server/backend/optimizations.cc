#include "backend/optimizations.h"

namespace flambeau {

std::string_view Name(Optimization optimization) {
  switch (optimization) {
    case Optimization::kFreeze:
      return "freeze";
    case Optimization::kOptimizeForInference:
      return "optimize-for-inference";
    case Optimization::kChannelsLast:
      return "channels-last";
  }
  return "freeze";
}

}  // namespace flambeau
