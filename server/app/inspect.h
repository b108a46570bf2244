// `flambeau-server inspect FILE`: what is known about a model file, and from where.
#pragma once

#include "config/config.h"

namespace flambeau {

// Loads the file, with the configuration beside it, tries it out as a server would, and prints
// everything to standard output; for a server that started this process, to its pipe. Returns the
// process' exit code; a failure is one sentence on standard error.
int Inspect(const InspectConfig& config);

}  // namespace flambeau
