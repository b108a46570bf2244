// The cases that torch_cases.py wrote, and the module under test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "nlohmann/json.hpp"
#include "tensor/value.h"

namespace flambeau {

const nlohmann::json& Cases();
std::string CasePath(const std::string& file);

// The module's backend, opened once.
Backend& TorchBackend();
// Another one.
std::unique_ptr<Backend> OpenTorchBackend(const BackendEnvironment& environment);

// Values as torch_cases.py encodes them.
Value Decode(const nlohmann::json& encoded);
std::vector<Value> DecodeAll(const nlohmann::json& encoded);

// Equal but for the last bits of floating-point numbers; `where` tells what differs.
bool Equal(const Value& a, const Value& b, std::string* where);

int64_t RowsOf(const std::vector<Value>& arguments);

// Keeps what is delivered.
class CollectingSink final : public Sink {
 public:
  explicit CollectingSink(size_t items) : results(items, Internal("nothing was delivered")) {}
  void Deliver(size_t item, Result<Value> result, bool last) override {
    results[item] = std::move(result);
    deliveries += 1;
  }
  std::vector<Result<Value>> results;
  int deliveries = 0;
};

size_t MethodIndex(const Model& model, const std::string& name);
// Runs all of `arguments` as one batch.
std::vector<Result<Value>> RunBatch(Instance& instance, size_t method,
                                    const std::vector<std::vector<Value>>& arguments);

}  // namespace flambeau
