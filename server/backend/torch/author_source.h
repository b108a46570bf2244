// The source that a model's author wrote, as far as the model file keeps it beside the saved code.
#pragma once

#include <c10/core/Allocator.h>
#include <torch/csrc/jit/frontend/source_range.h>
#include <torch/csrc/jit/serialization/source_range_serialization.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace flambeau {

// Tells LibTorch, when it describes a failure, which line of the author's became a piece of saved
// code. The record is read at the first failure: it may be as large as the code.
//
// Threads: any. Lifetime: a value of the model's sources.
// Errors: none; a record that is damaged tells nothing.
class AuthorSource final : public torch::jit::SourceRangeUnpickler {
 public:
  // `record`: code/<module>.py.debug_pkl
  AuthorSource(at::DataPtr record, size_t size) : record_(std::move(record)), size_(size) {}

  std::optional<torch::jit::SourceRange> findSourceRangeThatGenerated(
      const torch::jit::SourceRange& range) override;

 private:
  using Ranges = std::map<size_t, torch::jit::SourceRange>;  // by place in the saved code
  Ranges Read() const;

  std::mutex mutex_;
  at::DataPtr record_;
  const size_t size_;
  std::optional<Ranges> ranges_;
};

}  // namespace flambeau
