#include "backend/torch/load.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/operator_upgraders/upgraders_entry.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/torch/archive.h"
#include "backend/torch/author_source.h"
#include "backend/torch/errors.h"
#include "backend/torch/operators.h"
#include "backend/torch/source_bounds.h"
#include "base/checked.h"
#include "base/sentence.h"

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::CompilationUnit;

// Thrown inside LibTorch's unpickler, which knows no other way to stop; caught in LoadModule.
struct Refused : std::runtime_error {
  explicit Refused(const std::string& sentence) : std::runtime_error(sentence) {}
};

constexpr char kManifestRecord[] = "extra/flambeau.json";
constexpr size_t kMaxManifestBytes = 16 << 20;
// A damaged or hostile file's names may be any bytes, of any length.
constexpr size_t kLongestRefusal = 500;

bool RunsCode(const c10::ClassType& type) {
  return type.findMethod("__setstate__") != nullptr && type.findMethod("__getstate__") != nullptr;
}

// Compiled code finds an object's attributes by their places: in an object of another class they
// would be read beyond its end.
void CheckClasses(const c10::TypePtr& declared, const IValue& value) {
  if (const auto optional = declared->cast<c10::OptionalType>()) {
    if (!value.isNone()) CheckClasses(optional->getElementType(), value);
  } else if (declared->cast<c10::ClassType>() || declared->cast<c10::InterfaceType>()) {
    if (value.isObject() && value.type()->isSubtypeOf(*declared)) return;
    throw Refused(
        "The file is damaged: an attribute's value is not of the class that its code has.");
  } else if (const auto list = declared->cast<c10::ListType>()) {
    if (!value.isList()) return;
    for (const IValue& element : value.toListRef()) CheckClasses(list->getElementType(), element);
  } else if (const auto dict = declared->cast<c10::DictType>()) {
    if (!value.isGenericDict()) return;
    for (const auto& entry : value.toGenericDict()) {
      CheckClasses(dict->getValueType(), entry.value());
    }
  } else if (const auto tuple = declared->cast<c10::TupleType>()) {
    if (!value.isTuple() || value.toTupleRef().size() != tuple->elements().size()) return;
    for (size_t i = 0; i < tuple->elements().size(); ++i) {
      CheckClasses(tuple->elements()[i], value.toTupleRef().elements()[i]);
    }
  }
}

class Deserializer {
 public:
  Deserializer(ArchiveReader reader, const std::vector<std::string>& allowed_operators)
      : reader_(std::move(reader)),
        allowed_operators_(allowed_operators),
        unit_(std::make_shared<CompilationUnit>()),
        importer_(
            unit_, &constants_,
            [this](const std::string& qualifier) { return FindSource(qualifier); },
            reader_->version()) {}

  LoadedModule Read() {
    // What an operator meant when the file was saved, where that has changed since.
    torch::jit::populate_upgraders_graph_map();
    const IValue constants = Unpickle("constants");
    if (!constants.isTuple()) throw Refused("The file is damaged: its constants are no tuple.");
    CheckTensors(constants);
    for (const IValue& constant : constants.toTupleRef().elements()) constants_.push_back(constant);
    IValue root = Unpickle("data");
    if (!root.isModule()) {
      throw Refused("The file holds a value, not a module: save a module with torch.jit.save.");
    }
    CheckTensors(root);
    Require(CheckOperators(*unit_, allowed_operators_));
    Require(CheckInlinedSize(*unit_));
    RestoreStates();
    return {torch::jit::Module(root.toObject()), ReadManifest()};
  }

 private:
  struct PendingState {
    c10::intrusive_ptr<c10::ivalue::Object> object;
    IValue state;
  };

  static void Require(const Status& status) {
    if (!status.ok()) throw Refused(std::string(Message(status)));
  }

  std::string ReadManifest() {
    if (!reader_->hasRecord(kManifestRecord)) return "";
    if (reader_->getRecordSize(kManifestRecord) > kMaxManifestBytes) {
      throw Refused("The extra file 'flambeau.json' must be at most 16 MiB long.");
    }
    auto [data, size] = reader_->getRecord(kManifestRecord);
    return {static_cast<const char*>(data.get()), size};
  }

  std::shared_ptr<torch::jit::Source> FindSource(const std::string& qualifier) {
    std::string path = "code/" + qualifier + ".py";
    std::replace(path.begin() + 5, path.end() - 3, '.', '/');
    if (!reader_->hasRecord(path)) return nullptr;
    auto [data, size] = reader_->getRecord(path);
    std::string text(static_cast<const char*>(data.get()), size);
    Require(bounds_.Add(text));
    return std::make_shared<torch::jit::Source>(std::move(text), path, 1, FindAuthorSource(path));
  }

  std::shared_ptr<AuthorSource> FindAuthorSource(const std::string& path) {
    const std::string record = path + ".debug_pkl";
    if (!reader_->hasRecord(record)) return nullptr;
    auto [data, size] = reader_->getRecord(record);
    return std::make_shared<AuthorSource>(std::move(data), size);
  }

  IValue Unpickle(const std::string& archive) {
    auto [pickle, size] = reader_->getRecord(archive + ".pkl");
    const char* const bytes = static_cast<const char*>(pickle.get());
    size_t position = 0;
    auto read = [bytes, end = size, &position](char* out, size_t wanted) -> size_t {
      const size_t count = std::min(wanted, end - position);
      std::memcpy(out, bytes + position, count);
      position += count;
      return count;
    };
    torch::jit::Unpickler unpickler(
        read, [this](const c10::QualifiedName& name) { return FindType(name); },
        [this](const at::StrongTypePtr& type, IValue state) {
          return MakeObject(type, std::move(state));
        },
        [this, &archive](const std::string& name) { return ReadTensor(archive + "/" + name); },
        c10::Device(c10::DeviceType::CPU));
    unpickler.set_version(reader_->version());
    return unpickler.parse_ivalue();
  }

  // A pickle states each storage's size, and LibTorch believes it; the record knows better.
  at::DataPtr ReadTensor(const std::string& record) {
    auto [data, size] = reader_->getRecord(record);
    record_bytes_[data.get()] = size;
    return std::move(data);
  }

  c10::StrongTypePtr FindType(const c10::QualifiedName& name) {
    if (!IsAllowedCustomClass(name.qualifiedName())) {
      throw Refused("The model uses the C++ class '" + name.qualifiedName() +
                    "', which is refused: only packed weights of quantized layers are taken.");
    }
    auto type = importer_.loadType(name);
    if (!type) throw Refused("The file is damaged: the code of a class is missing.");
    return {unit_, std::move(type)};
  }

  // Objects that restore themselves by code are left empty until all code was checked; the pickle
  // lists inner objects before outer ones, and so does pending_.
  c10::intrusive_ptr<c10::ivalue::Object> MakeObject(const at::StrongTypePtr& type, IValue state) {
    const auto cls = type.type_->expect<c10::ClassType>();
    const size_t slots = cls->numAttributes();
    auto object = c10::ivalue::Object::create(type, slots);
    if (RunsCode(*cls)) {
      CheckTensors(state);
      pending_.push_back({object, std::move(state)});
      return object;
    }
    const auto attributes = std::move(state).toGenericDict();
    for (size_t i = 0; i < slots; ++i) {
      IValue value = attributes.at(cls->getAttributeName(i));
      CheckClasses(cls->getAttribute(i), value);
      object->setSlot(i, std::move(value));
    }
    return object;
  }

  void RestoreStates() {
    torch::jit::GraphOptimizerEnabledGuard no_specialisation(false);
    for (PendingState& pending : pending_) {
      const auto type = pending.object->type();
      type->getMethod("__setstate__")({pending.object, std::move(pending.state)});
      for (size_t i = 0; i < type->numAttributes(); ++i) {
        const auto kind = type->getAttribute(i)->kind();
        if (kind != c10::TypeKind::OptionalType && kind != c10::TypeKind::NoneType &&
            pending.object->getSlot(i).isNone()) {
          throw Refused("The model's __setstate__ leaves the attribute '" +
                        type->getAttributeName(i) + "' without a value.");
        }
      }
    }
    pending_.clear();
  }

  void CheckTensors(const IValue& root) {
    VisitValues(root, [this](const IValue& value) {
      if (value.isTensor()) CheckTensor(value.toTensor());
    });
  }

  void CheckTensor(const at::Tensor& tensor) const {
    if (!tensor.defined() || tensor.layout() != c10::kStrided || !tensor.has_storage()) return;
    std::optional<int64_t> last = tensor.storage_offset();
    bool empty = false;
    for (int64_t i = 0; i < tensor.dim() && last; ++i) {
      const int64_t size = tensor.size(i);
      if (size < 0 || tensor.stride(i) < 0) last = std::nullopt;
      if (size == 0) empty = true;
      if (size <= 1 || !last) continue;
      const auto span = CheckedMultiply<int64_t>(size - 1, tensor.stride(i));
      last = span ? CheckedAdd<int64_t>(*last, *span) : std::nullopt;
    }
    if (last && *last >= 0 && empty) return;
    const auto record = record_bytes_.find(tensor.storage().data());
    const size_t held = record == record_bytes_.end() ? tensor.storage().nbytes() : record->second;
    if (!last || *last < 0 || static_cast<uint64_t>(*last) >= held / tensor.itemsize()) {
      throw Refused("The file is damaged: a tensor reaches beyond its bytes.");
    }
  }

  ArchiveReader reader_;
  const std::vector<std::string>& allowed_operators_;
  SourceBounds bounds_;
  std::shared_ptr<CompilationUnit> unit_;
  std::vector<IValue> constants_;
  torch::jit::SourceImporter importer_;
  std::unordered_map<const void*, size_t> record_bytes_;
  std::vector<PendingState> pending_;
};

// Tensors inside the code, and the devices that a trace writes down for tensors that it makes:
// those of the machine that it was made on.
void MoveConstant(torch::jit::Node* node, c10::Device device) {
  if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value)) return;
  const torch::jit::AttributeKind kind = node->kindOf(c10::attr::value);
  if (kind == torch::jit::AttributeKind::t) {
    node->t_(c10::attr::value, node->t(c10::attr::value).to(device));
  } else if (kind == torch::jit::AttributeKind::s &&
             node->output()->type()->kind() == c10::TypeKind::DeviceObjType) {
    node->s_(c10::attr::value, device.str());
  }
}

void MoveConstants(torch::jit::Block* block, c10::Device device) {
  for (torch::jit::Node* node : block->nodes()) {
    MoveConstant(node, device);
    for (torch::jit::Block* inner : node->blocks()) MoveConstants(inner, device);
  }
}

// Attributes, and the constants inside the code, which Module::to leaves as they are.
void Move(torch::jit::Module& module, c10::Device device) {
  if (!device.is_cpu()) module.to(device);  // they are read into the CPU's memory
  for (torch::jit::Function* function : module._ivalue()->compilation_unit()->get_functions()) {
    if (function == nullptr || !function->isGraphFunction()) continue;
    auto* graph_function = static_cast<torch::jit::GraphFunction*>(function);
    MoveConstants(graph_function->graph()->block(), device);
  }
}

Result<LoadedModule> ReadModule(ArchiveReader reader,
                                const std::vector<std::string>& allowed_operators, Log* log) {
  try {
    LoadedModule loaded = Deserializer(std::move(reader), allowed_operators).Read();
    loaded.module.eval();
    return loaded;
  } catch (const Refused& refused) {
    return InvalidArgument(Printable(refused.what(), kLongestRefusal));
  } catch (...) {
    return LoadFailure(log);
  }
}

}  // namespace

void VisitValues(const IValue& root, const std::function<void(const IValue&)>& visit) {
  std::unordered_set<const void*> seen;
  std::vector<IValue> waiting = {root};
  while (!waiting.empty()) {
    const IValue value = std::move(waiting.back());
    waiting.pop_back();
    if (value.isPtrType() && !value.isNone() && !seen.insert(value.internalToPointer()).second) {
      continue;
    }
    visit(value);
    if (value.isObject()) {
      for (const IValue& slot : value.toObjectRef().slots()) waiting.push_back(slot);
    } else if (value.isTuple()) {
      for (const IValue& element : value.toTupleRef().elements()) waiting.push_back(element);
    } else if (value.isList()) {
      for (const IValue& element : value.toListRef()) waiting.push_back(element);
    } else if (value.isGenericDict()) {
      for (const auto& entry : value.toGenericDict()) waiting.push_back(entry.value());
    }
  }
}

Result<LoadedModule> LoadModule(const std::string& path, c10::Device device,
                                const std::vector<std::string>& allowed_operators, Log* log) {
  FLAMBEAU_ASSIGN_OR_RETURN(ArchiveReader reader, OpenArchive(path));
  Result<LoadedModule> loaded = Internal("The model was not read.");
  FLAMBEAU_RETURN_IF_ERROR(
      RunOnDeepStack([&] { loaded = ReadModule(std::move(reader), allowed_operators, log); }));
  if (!loaded.ok()) return loaded;
  try {
    Move(loaded->module, device);
    return loaded;
  } catch (...) {
    return LoadFailure(log);
  }
}

}  // namespace flambeau
