// The classification extension: the largest elements of an output in place of all of them.
// Source: Triton, docs/protocol/extension_classification.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tensor/tensor.h"

namespace flambeau {

// The `count` largest elements of each row as BYTES "value:index" or, where `labels` has one for
// the index, "value:index:label"; the largest first, equal ones by index, NaN last. Fewer if a row
// has fewer. `batched`: dimension 0 counts rows, and the result has shape [rows,n]; else all of
// `scores` is one row, and the result has shape [n]. Values are written as std::to_string does.
// Threads: any. Errors: INVALID_ARGUMENT: BYTES have no order; more than a million results.
Result<Tensor> Classify(const Tensor& scores, int64_t count, bool batched,
                        const std::vector<std::string>& labels, std::string_view output);

}  // namespace flambeau
