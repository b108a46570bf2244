// Bounds on a model's source text, before LibTorch's parser and compiler, which recurse as deep as
// an expression nests, see it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/status.h"

namespace flambeau {

// A model's functions may each call the next, so that what they nest adds up: one budget for all.
// Threads: one. Lifetime: one load. Errors: Add.
class SourceBounds {
 public:
  // Counts how deep a file of code nests: brackets, chains of operators, calls and attributes, and
  // indented blocks. Reads it once and builds nothing.
  // Errors: INVALID_ARGUMENT, one sentence.
  Status Add(std::string_view source);

 private:
  size_t total_depth_ = 0;
};

// Runs `body` on a stack that the deepest code within the bounds does not fill, and waits for it.
// Threads: any. Errors: RESOURCE_EXHAUSTED if there is no memory for such a stack.
Status RunOnDeepStack(const std::function<void()>& body);

}  // namespace flambeau
