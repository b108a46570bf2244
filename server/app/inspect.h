// `flambeau-server inspect FILE`: what is known about a model file, and from where.
#pragma once

#include "config/config.h"

namespace flambeau {

// Loads the file, proves its batching where its shapes are known, prints everything to standard
// output. Returns the process' exit code; a failure is one sentence on standard error.
int Inspect(const InspectConfig& config);

}  // namespace flambeau
