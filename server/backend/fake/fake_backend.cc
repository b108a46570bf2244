#include "backend/fake/fake_backend.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

template <typename T>
void AddTo(const Tensor& tensor, size_t offset, std::vector<double>* sum) {
  for (T element : tensor.As<T>()) {
    if (offset < sum->size()) (*sum)[offset++] += static_cast<double>(element);
  }
}

Status Add(const Tensor& tensor, size_t offset, std::vector<double>* sum) {
  switch (tensor.dtype()) {
    case DType::kFp32:
      AddTo<float>(tensor, offset, sum);
      break;
    case DType::kFp64:
      AddTo<double>(tensor, offset, sum);
      break;
    case DType::kInt32:
      AddTo<int32_t>(tensor, offset, sum);
      break;
    case DType::kInt64:
      AddTo<int64_t>(tensor, offset, sum);
      break;
    case DType::kBool:
      AddTo<uint8_t>(tensor, offset, sum);
      break;
    default:
      return InvalidArgument("the fake model takes no " + std::string(Name(tensor.dtype())));
  }
  return OkStatus();
}

const Tensor* FirstTensor(const Item& item) {
  for (const Value& argument : item.arguments) {
    if (argument.tensor() != nullptr) return argument.tensor();
  }
  return nullptr;
}

size_t ElementsOf(const Item& item) {
  const Tensor* tensor = FirstTensor(item);
  return tensor == nullptr ? 0 : static_cast<size_t>(ElementCount(tensor->shape()).value_or(0));
}

Tensor ToTensor(std::span<const double> numbers, const Shape& shape) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, shape);
  std::transform(numbers.begin(), numbers.end(), reinterpret_cast<float*>(tensor.mutable_data()),
                 [](double number) { return static_cast<float>(number); });
  return tensor;
}

class FakeInstance final : public Instance {
 public:
  FakeInstance(FakeScript script, FakeJournal* journal)
      : script_(std::move(script)), journal_(journal) {}

  RunTiming Run(std::span<const Item> items, Sink& sink) override {
    int64_t rows = 0;
    for (const Item& item : items) rows += item.rows;
    if (journal_ != nullptr) journal_->Record({items.size(), rows});
    if (script_.on_run) script_.on_run(rows);
    if (script_.deliver_nothing) return {};
    const Status status = Gather(items, rows);
    if (status.ok()) {
      Compute(items, rows, sink);
    } else {
      FailAll(items, status, sink);
    }
    return {.compute = rows * script_.compute};
  }

 private:
  static void FailAll(std::span<const Item> items, const Status& status, Sink& sink) {
    for (size_t i = 0; i < items.size(); ++i) sink.Deliver(i, status, true);
  }

  Status Gather(std::span<const Item> items, int64_t rows) {
    if (script_.memory_rows && rows > *script_.memory_rows) {
      return ResourceExhausted("no memory for a batch of " + std::to_string(rows));
    }
    size_t elements = 0;
    for (const Item& item : items) elements += ElementsOf(item);
    in_.assign(elements, 0);
    size_t offset = 0;
    for (const Item& item : items) {
      for (const Value& argument : item.arguments) {
        if (argument.tensor() == nullptr) continue;
        FLAMBEAU_RETURN_IF_ERROR(Add(*argument.tensor(), offset, &in_));
      }
      offset += ElementsOf(item);
    }
    if (script_.poison && std::find(in_.begin(), in_.end(), *script_.poison) != in_.end()) {
      return script_.failure;
    }
    return OkStatus();
  }

  void Compute(std::span<const Item> items, int64_t rows, Sink& sink) {
    std::vector<double> first(in_.size());
    if (script_.fail) {
      const Status status = script_.fail(BatchOf(items, rows, first));
      if (!status.ok()) return FailAll(items, status, sink);
    }
    std::transform(in_.begin(), in_.end(), first.begin(), [](double x) { return 2 * x; });
    std::vector<double> second(first.size());
    std::transform(first.begin(), first.end(), second.begin(), [](double y) { return y + 1; });
    Apply(script_.effect, items, rows, first);
    Apply(script_.effect_second, items, rows, second);
    if (script_.drop_batch_dimension) return DeliverSum(items, rows, first, sink);
    size_t offset = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const size_t count = ElementsOf(items[i]);
      const Tensor* input = FirstTensor(items[i]);
      const Shape shape = input == nullptr ? Shape{0} : input->shape();
      Value result{ToTensor(std::span(first).subspan(offset, count), shape)};
      if (script_.second_result) {
        Value other{ToTensor(std::span(second).subspan(offset, count), shape)};
        result = Value{ValueTuple{{std::move(result), std::move(other)}, {}}};
      }
      offset += count;
      sink.Deliver(i, std::move(result), true);
    }
  }

  void Apply(const std::function<void(FakeBatch&)>& effect, std::span<const Item> items,
             int64_t rows, std::vector<double>& out) const {
    if (!effect) return;
    FakeBatch batch = BatchOf(items, rows, out);
    effect(batch);
  }

  FakeBatch BatchOf(std::span<const Item> items, int64_t rows, std::vector<double>& out) const {
    return {rows, rows > 0 ? static_cast<int64_t>(in_.size()) / rows : 0, in_, out,
            items[0].arguments};
  }

  // As a model that sums over dimension 0 would be taken apart: it cannot be.
  static void DeliverSum(std::span<const Item> items, int64_t rows, const std::vector<double>& out,
                         Sink& sink) {
    if (items.size() > 1) {
      return FailAll(items, Internal("the result's dimension 0 is not the batch's"), sink);
    }
    const size_t row_size = rows > 0 ? out.size() / static_cast<size_t>(rows) : 0;
    std::vector<double> sum(row_size, 0);
    for (size_t i = 0; i < out.size(); ++i) sum[i % row_size] += out[i];
    sink.Deliver(0, Value{ToTensor(sum, {static_cast<int64_t>(row_size)})}, true);
  }

  const FakeScript script_;
  FakeJournal* const journal_;
  std::vector<double> in_;
};

}  // namespace

Facts FakeFacts(int64_t columns) {
  Facts facts = FakeFactsUnknownShape();
  TensorFact& tensor = facts.methods[0].arguments[0].tensor;
  tensor.dtype = DType::kFp32;
  tensor.dtype_source = FactSource::kGraph;
  tensor.dims = Shape{-1, columns};
  tensor.dims_source = FactSource::kGraph;
  return facts;
}

Facts FakeFactsUnknownShape() {
  ArgumentFact x;
  x.name = "x";
  x.type = "Tensor";
  MethodFacts forward;
  forward.name = "forward";
  forward.arguments.push_back(std::move(x));
  forward.result_type = "Tensor";
  forward.static_proof = {Verdict::kProven, ""};
  Facts facts;
  facts.platform = "fake";
  facts.device = "cpu";
  facts.methods.push_back(std::move(forward));
  return facts;
}

Result<std::unique_ptr<Instance>> FakeModel::NewInstance() {
  if (!script_.instance_failure.ok()) return script_.instance_failure;
  return std::unique_ptr<Instance>(std::make_unique<FakeInstance>(script_, journal_));
}

Result<std::unique_ptr<Instance>> FakeModel::NewProbe() {
  if (!script_.probe_failure.ok()) return script_.probe_failure;
  FakeScript script = script_;
  script.on_run = script_.on_probe_run;
  return std::unique_ptr<Instance>(std::make_unique<FakeInstance>(std::move(script), nullptr));
}

void FakeBackend::Register(const std::string& path, std::shared_ptr<Model> model) {
  const std::lock_guard lock(mutex_);
  models_[path] = std::move(model);
}

Result<std::string> FakeBackend::ResolveDevice(const std::string& wanted) {
  if (wanted == "auto" || wanted == "cpu") return std::string("cpu");
  return FailedPrecondition("device " + wanted + " is not here; use cpu");
}

Result<std::shared_ptr<Model>> FakeBackend::Load(const std::string& path, const LoadOptions&) {
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(path);
  if (found == models_.end()) return InvalidArgument("the file is not a model; register one");
  return found->second;
}

}  // namespace flambeau
