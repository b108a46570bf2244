// Golden examples: requests as /predict takes them, with the answers that a version must give
// before it serves.
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "repository/example_check.h"
#include "repository/servable.h"

namespace flambeau {

// [{"request": BODY, "response": ANSWER}, ...], each with "method" and "tolerance" if it likes. An
// ExampleCheck.
//
// Floats may differ by tolerance * |wanted| + tolerance / 10, where the tolerance is by the
// datatype 1e-2 (FP16, BF16), 1e-4 (FP32), 1e-6 (FP64) if the example has none; all else is exact.
// Threads: one that may wait. Lifetime: keeps nothing.
// Errors: INVALID_ARGUMENT, one sentence that names the file, the example and the place; the
// scheduler's.
Status CheckGoldenExamples(const ExamplesText& examples, Servable& servable, Clock& clock,
                           TimePoint deadline);

}  // namespace flambeau
