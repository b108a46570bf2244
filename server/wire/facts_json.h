// What is known about a model, as JSON: `flambeau-server inspect --json`.
#pragma once

#include <string>
#include <vector>

#include "backend/facts.h"

namespace flambeau {

// One object, indented: platform, device, parameter_bytes, writes_state, optimizations, notes, and
// per method its arguments and results with datatype, shape and where each came from, the merging
// verdict
// (`proofs`, one per method), code and graph. Unknown facts are null.
// Errors: none.
std::string EncodeFacts(const Facts& facts, const std::vector<Proof>& proofs);

}  // namespace flambeau
