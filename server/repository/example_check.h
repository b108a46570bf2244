// The seam for golden examples: how a request is written is known above this folder.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "repository/servable.h"

namespace flambeau {

// Golden examples as a JSON array, and what to call them in errors.
struct ExamplesText {
  std::string text;
  std::string source;
};

// Asks `servable`, which serves nobody yet, what each example asks and compares the answers.
// Threads: the loader's. Errors: INVALID_ARGUMENT, one sentence: which example, where in its
// answer, got and wanted; DEADLINE_EXCEEDED.
using ExampleCheck = std::function<Status(const ExamplesText& examples, Servable& servable,
                                          Clock& clock, TimePoint deadline)>;

}  // namespace flambeau
