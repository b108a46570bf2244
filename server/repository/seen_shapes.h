// The shapes of a request that worked: of them rows can be made up where a model's file and its
// configuration do not tell enough.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "backend/facts.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/value.h"

namespace flambeau {

struct SeenTensor {
  DType dtype = DType::kFp32;
  Shape dims;  // the first is the batch's: -1
};
// By argument; nothing where it was no tensor, or one without rows.
using SeenArguments = std::vector<std::optional<SeenTensor>>;
// By method; empty where no request is known.
using SeenShapes = std::vector<SeenArguments>;

// Whether a request of any method is known.
bool Any(const SeenShapes& seen);

// `seen`, and of methods that are not in it what was known `before`.
SeenShapes Merge(SeenShapes seen, const SeenShapes& before);

SeenArguments ShapesOf(const std::vector<Value>& arguments);

// Whether `fact` leaves room for it: it contradicts nothing, and the first dimension is the
// batch's.
bool CanComplete(const SeenTensor& seen, const TensorFact& fact);

// Completes what is not known of the arguments' datatypes and dimensions; what contradicts what is
// known is left out. For trying the model out: these facts must refuse no request.
void Complete(const SeenArguments& seen, MethodFacts* method);

// Shows them where nothing is known: as observed, which refuses no request either.
void Observe(const SeenArguments& seen, MethodFacts* method);

// `model` with facts completed by `seen`; itself if nothing was seen. Threads, errors: the model's.
std::shared_ptr<Model> WithSeenShapes(std::shared_ptr<Model> model, const SeenShapes& seen);

}  // namespace flambeau
