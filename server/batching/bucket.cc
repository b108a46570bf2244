#include "batching/bucket.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <variant>

namespace flambeau {

// Writes the variant part while it collects whether the work can be merged at all.
class KeyWriter {
 public:
  explicit KeyWriter(BucketKey* key) : key_(key) {}

  template <typename T>
  void Put(const T& plain) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* bytes = reinterpret_cast<const char*>(&plain);
    key_->bytes_.insert(key_->bytes_.end(), bytes, bytes + sizeof(T));
  }
  void PutText(std::string_view text) {
    Put(text.size());
    key_->bytes_.insert(key_->bytes_.end(), text.begin(), text.end());
  }

  // `min_rank`: of a tensor that can be merged.
  void PutArgument(const Value& value, int min_rank) {
    min_rank_ = static_cast<size_t>(std::max(min_rank, 1));
    PutValue(value, false);
  }

  // Every value starts with its kind, and lists with their length: no two trees write the same.
  void PutValue(const Value& value, bool nested) {
    Put(static_cast<char>(value.data.index()));
    std::visit([&](const auto& held) { PutHeld(held, nested); }, value.data);
  }

  void PutShape(const Tensor& tensor) {
    for (size_t i = 1; i < tensor.shape().size(); ++i) Put(tensor.shape()[i]);
  }

  void EndVariant() { key_->variant_size_ = key_->bytes_.size(); }
  void End() { key_->hash_ = std::hash<std::string_view>{}(key_->bytes()); }
  int64_t rows() const { return mergeable_ ? rows_ : 0; }

 private:
  void PutHeld(const None&, bool) {}
  void PutHeld(bool flag, bool) { Put(static_cast<char>(flag)); }
  void PutHeld(int64_t number, bool) { Put(number); }
  void PutHeld(double number, bool) { Put(number); }  // bit by bit: 0.0 is not -0.0
  void PutHeld(const std::string& text, bool) { PutText(text); }
  void PutHeld(const Tensor& tensor, bool nested) {
    const Shape& shape = tensor.shape();
    Put(static_cast<char>(tensor.dtype()));
    Put(static_cast<uint32_t>(shape.size()));
    if (rows_ == 0 && !shape.empty()) rows_ = shape[0];
    mergeable_ &= !nested && tensor.dtype() != DType::kBytes && shape.size() >= min_rank_ &&
                  shape[0] > 0 && shape[0] == rows_;
  }
  void PutHeld(const ValueList& list, bool) { PutAll(list.items); }
  void PutHeld(const ValueTuple& tuple, bool) { PutAll(tuple.items); }
  void PutHeld(const ValueDict& dict, bool) {
    Put(dict.items.size());
    for (const auto& [name, value] : dict.items) {
      PutText(name);
      PutValue(value, true);
    }
  }
  void PutAll(const std::vector<Value>& values) {
    Put(values.size());
    for (const Value& value : values) PutValue(value, true);
  }

  BucketKey* const key_;
  size_t min_rank_ = 1;
  int64_t rows_ = 0;
  bool mergeable_ = true;
};

BucketKey BucketKey::Of(const Work& work, const Proof& proof, int64_t* rows) {
  BucketKey key;
  KeyWriter writer(&key);
  writer.Put(static_cast<uint32_t>(work.method));
  for (size_t i = 0; i < work.arguments.size(); ++i) {
    const bool known = i < proof.min_ranks.size();
    writer.PutArgument(work.arguments[i], known ? proof.min_ranks[i] : proof.min_rank);
  }
  writer.EndVariant();
  for (const Value& argument : work.arguments) {
    if (argument.tensor() != nullptr) writer.PutShape(*argument.tensor());
  }
  writer.End();
  *rows = writer.rows();
  return key;
}

}  // namespace flambeau
