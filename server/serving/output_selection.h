// Which of a result's tensors a request gets, and under which names.
#pragma once

#include <string>
#include <vector>

#include "backend/facts.h"
#include "base/status.h"
#include "repository/declaration.h"
#include "serving/request.h"
#include "tensor/value.h"

namespace flambeau {

// Before the run: refuses an output named twice and, where the model's results are known, one that
// the model does not have.
// Declared outputs (`declaration` null: none are) answer to the model's own names, too.
// Errors: INVALID_ARGUMENT, one sentence listing the outputs' names.
Status CheckRequestedOutputs(const std::vector<ResultFact>& results,
                             const std::vector<RequestedOutput>& requested,
                             const Declaration* declaration = nullptr);

// `outputs` are a result's, flattened; none requested: all of them. A name or OUTPUT__<i>, which
// the answer then carries as it was asked for.
// Errors: INVALID_ARGUMENT, one sentence listing the outputs' names.
Result<std::vector<NamedTensor>> SelectOutputs(std::vector<NamedTensor> outputs,
                                               const std::vector<RequestedOutput>& requested,
                                               const Declaration* declaration = nullptr);

}  // namespace flambeau
