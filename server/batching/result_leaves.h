// A result as its tensors and a text of everything else, to compare two of them.
#pragma once

#include <string>
#include <vector>

#include "tensor/value.h"

namespace flambeau {

struct ResultLeaves {
  std::string rest;  // structure, names and scalars: equal texts, equal rests
  std::vector<Tensor> tensors;
};

// Threads: any. Errors: none.
ResultLeaves LeavesOf(const Value& result);

}  // namespace flambeau
