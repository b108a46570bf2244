// flambeau record --listen: golden examples from what other clients ask.
#pragma once

#include "cli/record.h"

namespace flambeau::client {

// Listens on 127.0.0.1, passes every request on to `options.url` and its answer back, and writes
// those of the model's /predict that went well to `options.out`, after each. Ends at
// `options.count`; returns the exit code.
int RecordTraffic(const RecordOptions& options);

}  // namespace flambeau::client
