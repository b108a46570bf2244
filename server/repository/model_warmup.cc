#include "repository/model_warmup.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/sentence.h"
#include "codec/convert.h"
#include "spec/model_files.h"

namespace flambeau {
namespace {

constexpr size_t kMaxTensorBytes = size_t{1} << 30;
constexpr Duration kBudget = std::chrono::minutes(10);
constexpr int64_t kLargestRandomInteger = 100;

template <typename T>
void Fill(Tensor* tensor, const std::function<T()>& next) {
  std::byte* at = tensor->mutable_data();
  for (size_t left = tensor->bytes() / sizeof(T); left > 0; --left, at += sizeof(T)) {
    const T value = next();
    std::memcpy(at, &value, sizeof(T));
  }
}

// Integers stay below `limit`, since they may index a table.
void FillRandom(int64_t limit, std::mt19937* random, Tensor* tensor) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::uniform_int_distribution<int64_t> whole(0, std::max<int64_t>(limit, 1) - 1);
  switch (tensor->dtype()) {
    case DType::kFp64:
      return Fill<double>(tensor, [&] { return unit(*random); });
    case DType::kFp32:
      return Fill<float>(tensor, [&] { return static_cast<float>(unit(*random)); });
    case DType::kFp16:
      return Fill<uint16_t>(tensor, [&] { return FloatToHalf(static_cast<float>(unit(*random))); });
    case DType::kBf16:
      return Fill<uint16_t>(tensor,
                            [&] { return FloatToBfloat16(static_cast<float>(unit(*random))); });
    case DType::kBool:
      return Fill<uint8_t>(tensor, [&] { return static_cast<uint8_t>(whole(*random) % 2); });
    default:
      break;
  }
  switch (ItemSize(tensor->dtype())) {
    case 1:
      return Fill<uint8_t>(tensor, [&] { return static_cast<uint8_t>(whole(*random)); });
    case 2:
      return Fill<uint16_t>(tensor, [&] { return static_cast<uint16_t>(whole(*random)); });
    case 4:
      return Fill<uint32_t>(tensor, [&] { return static_cast<uint32_t>(whole(*random)); });
    default:
      return Fill<uint64_t>(tensor, [&] { return static_cast<uint64_t>(whole(*random)); });
  }
}

class Sample {
 public:
  Sample(const ConfigWarmup& sample, const std::string& directory, Servable* servable)
      : sample_(sample), directory_(directory), servable_(servable) {}

  // The method's arguments, once.
  Result<std::vector<Value>> Arguments() {
    const MethodFacts& method = servable_->facts().methods.front();
    std::vector<Value> arguments(method.arguments.size());
    for (const ConfigWarmupInput& input : sample_.inputs) {
      const auto index = servable_->declaration(0)->FindInput(input.name);
      if (!index) return Wrong("there is no input " + Quote(input.name));
      const ArgumentFact& argument = method.arguments[*index];
      if (argument.kind != ValueKind::kTensor) {
        return Wrong("input " + Quote(input.name) + " is not a tensor");
      }
      FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, Make(input, argument.tensor));
      FLAMBEAU_ASSIGN_OR_RETURN(arguments[*index].data, Fit(input, *index, std::move(tensor)));
    }
    for (size_t i = 0; i < arguments.size(); ++i) {
      const ArgumentFact& argument = method.arguments[i];
      if (arguments[i].is_none() && !argument.optional && !argument.has_default) {
        return Wrong("input " + Quote(argument.name) + " is missing");
      }
    }
    return arguments;
  }

  Status Wrong(const std::string& what) const {
    return InvalidArgument("Warm-up sample " + Quote(sample_.name) + ": " + what + ".");
  }

 private:
  Result<Tensor> Make(const ConfigWarmupInput& input, const TensorFact& fact) {
    Shape shape;
    if (sample_.batch_size > 0) shape.push_back(sample_.batch_size);
    shape.insert(shape.end(), input.dims.begin(), input.dims.end());
    const auto bytes = input.dtype == DType::kBytes ? std::nullopt : ByteSize(input.dtype, shape);
    const auto elements = ElementCount(shape);
    if (!elements || *elements > static_cast<int64_t>(kMaxTensorBytes) ||
        bytes.value_or(0) > kMaxTensorBytes) {
      return Wrong("input " + Quote(input.name) + " is larger than a gibibyte");
    }
    if (input.data == ConfigWarmupInput::Data::kFile) return FromFile(input, shape);
    if (input.dtype == DType::kBytes) {
      return BytesTensor(std::vector<std::string_view>(static_cast<size_t>(*elements)), shape);
    }
    FLAMBEAU_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(input.dtype, shape));
    if (input.data == ConfigWarmupInput::Data::kZero) {
      std::fill_n(tensor.mutable_data(), tensor.bytes(), std::byte{0});
    } else {
      const int64_t limit = fact.index_limit.value_or(kLargestRandomInteger);
      FillRandom(std::min(limit, kLargestRandomInteger), &random_, &tensor);
    }
    return tensor;
  }

  Result<Tensor> FromFile(const ConfigWarmupInput& input, const Shape& shape) const {
    auto bytes = ReadInside(directory_, "warmup/" + input.file, kMaxTensorBytes);
    if (!bytes.ok()) return bytes.status();
    const auto owner = std::make_shared<const std::string>(*std::move(bytes));
    return TensorFromBinary(input.dtype, shape, *owner, owner,
                            "Warm-up input " + Quote(input.name));
  }

  // In the shape that the model takes.
  Result<Tensor> Fit(const ConfigWarmupInput& input, size_t index, Tensor tensor) const {
    const DeclaredInput& declared = servable_->declaration(0)->inputs()[index];
    if (!declared.reshape) return tensor;
    std::optional<Shape> shape = Reshape(*declared.reshape, tensor.shape());
    if (!shape) return Wrong("input " + Quote(input.name) + " does not have the declared dims");
    return tensor.Reshaped(*std::move(shape));
  }

  const ConfigWarmup& sample_;
  const std::string& directory_;
  Servable* const servable_;
  std::mt19937 random_{0};
};

// Waits for `left` answers and keeps the first failure's sentence.
struct Answers {
  std::mutex mutex;
  std::condition_variable all;
  int left = 0;
  std::optional<std::string> failure;
};

std::optional<std::string> RunAtOnce(const std::vector<Value>& arguments, int copies,
                                     Servable* servable, TimePoint deadline) {
  auto answers = std::make_shared<Answers>();
  answers->left = copies;
  for (int i = 0; i < copies; ++i) {
    Work work;
    work.arguments = arguments;
    work.deadline = deadline;
    work.done = [answers](const Result<Outcome>& outcome) {
      const std::lock_guard lock(answers->mutex);
      if (!outcome.ok() && !answers->failure) answers->failure = Message(outcome.status());
      if (--answers->left == 0) answers->all.notify_all();
    };
    servable->scheduler().Submit(std::move(work));
  }
  std::unique_lock lock(answers->mutex);
  // A run that has begun cannot be interrupted; the scheduler answers the others at the deadline.
  answers->all.wait(lock, [&] { return answers->left == 0; });
  return answers->failure;
}

}  // namespace

Status RunWarmup(const ModelConfig& config, const std::string& directory, Servable* servable,
                 Clock* clock) {
  const TimePoint deadline = clock->Now() + kBudget;
  for (const ConfigWarmup& warmup : config.warmup) {
    Sample sample(warmup, directory, servable);
    FLAMBEAU_ASSIGN_OR_RETURN(const std::vector<Value> arguments, sample.Arguments());
    for (uint32_t run = 0; run < warmup.count; ++run) {
      std::optional<std::string> why =
          RunAtOnce(arguments, servable->scheduler().instances(), servable, deadline);
      if (!why) continue;
      if (!why->empty() && why->back() == '.') why->pop_back();
      return sample.Wrong(*why);
    }
  }
  return OkStatus();
}

}  // namespace flambeau
