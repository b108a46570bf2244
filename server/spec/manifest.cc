#include "spec/manifest.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "codec/convert.h"
#include "codec/json_cursor.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

constexpr size_t kMaxRank = 64;
constexpr char kForward[] = "forward";

// Calls `member` at each key's value, which it takes.
Status ForEachMember(JsonCursor* cursor, const std::function<Status(const std::string&)>& member) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(member(std::string(cursor->key())));
  }
}

Status ForEachElement(JsonCursor* cursor, const std::function<Status()>& element) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(element());
  }
}

Status UnknownKey(const JsonCursor& cursor, const std::string& known) {
  return InvalidArgument("the key " + cursor.Path() + " is not known: the keys here are " + known);
}

enum class Side { kInput, kOutput };

class Reader {
 public:
  explicit Reader(std::string_view text) : cursor_(text) {}

  Result<Manifest> Read() {
    FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor_.Kind());
    if (kind != JsonKind::kObject) return InvalidArgument("the text must be one JSON object");
    FLAMBEAU_RETURN_IF_ERROR(
        ForEachMember(&cursor_, [this](const std::string& key) { return TakeMember(key); }));
    FLAMBEAU_RETURN_IF_ERROR(cursor_.Finish());
    return std::move(manifest_);
  }

 private:
  Status TakeMember(const std::string& key) {
    if (key == "description") {
      FLAMBEAU_ASSIGN_OR_RETURN(manifest_.description, cursor_.TakeString());
      return OkStatus();
    }
    if (key == "inputs" || key == "outputs") return TakeTensors(key, kForward);
    if (key == "methods") {
      return ForEachMember(&cursor_, [this](const std::string& method) {
        if (method == kForward) {
          return InvalidArgument(cursor_.Path() +
                                 R"( must be left out: "inputs" and "outputs" say it)");
        }
        return TakeMethod(method);
      });
    }
    if (key == "examples") return TakeExamples();
    return UnknownKey(cursor_, "description, inputs, outputs, methods and examples");
  }

  Status TakeMethod(const std::string& method) {
    manifest_.methods[method];
    return ForEachMember(&cursor_, [&](const std::string& key) {
      if (key == "inputs" || key == "outputs") return TakeTensors(key, method);
      return UnknownKey(cursor_, "inputs and outputs");
    });
  }

  Status TakeTensors(const std::string& key, const std::string& method) {
    const Side side = key == "inputs" ? Side::kInput : Side::kOutput;
    MethodTensors& tensors = manifest_.methods[method];
    std::vector<ConfigTensor>& list = side == Side::kInput ? tensors.inputs : tensors.outputs;
    std::set<std::string> names;
    return ForEachElement(&cursor_, [&]() -> Status {
      const std::string path = cursor_.Path();
      FLAMBEAU_ASSIGN_OR_RETURN(ConfigTensor tensor, TakeTensor(side, method));
      if (tensor.name.empty()) return InvalidArgument(path + " must have a name");
      if (!names.insert(tensor.name).second) {
        return InvalidArgument(path + ".name '" + tensor.name + "' is there twice");
      }
      list.push_back(std::move(tensor));
      return OkStatus();
    });
  }

  Result<ConfigTensor> TakeTensor(Side side, const std::string& method) {
    ConfigTensor tensor;
    FLAMBEAU_RETURN_IF_ERROR(ForEachMember(&cursor_, [&](const std::string& key) -> Status {
      if (key == "name") {
        FLAMBEAU_ASSIGN_OR_RETURN(tensor.name, cursor_.TakeName());
        return OkStatus();
      }
      if (key == "datatype") return TakeDType(&tensor);
      if (key == "dims") return TakeDims(&tensor);
      if (key == "optional" && side == Side::kInput) {
        FLAMBEAU_ASSIGN_OR_RETURN(tensor.optional, cursor_.TakeBool());
        return OkStatus();
      }
      if (key == "labels" && side == Side::kOutput) return TakeLabels(method, &tensor);
      return UnknownKey(cursor_, side == Side::kInput ? "name, datatype, dims and optional"
                                                      : "name, datatype, dims and labels");
    }));
    return tensor;
  }

  Status TakeDType(ConfigTensor* tensor) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string name, cursor_.TakeString());
    tensor->dtype = ParseDType(name);
    if (tensor->dtype) return OkStatus();
    return InvalidArgument(path + " is '" + name +
                           "' but must be a datatype such as FP32 or INT64");
  }

  Status TakeDims(ConfigTensor* tensor) {
    const std::string path = cursor_.Path();
    FLAMBEAU_RETURN_IF_ERROR(ForEachElement(&cursor_, [&]() -> Status {
      const std::string element = cursor_.Path();
      FLAMBEAU_ASSIGN_OR_RETURN(const int64_t size, cursor_.TakeInt64());
      if (size != -1 && size < 1) {
        return InvalidArgument(element + " is " + std::to_string(size) +
                               " but must be -1 (any) or above 0");
      }
      tensor->dims.push_back(size);
      return OkStatus();
    }));
    if (!tensor->dims.empty() && tensor->dims.size() <= kMaxRank) return OkStatus();
    return InvalidArgument(path + " must have 1 to 64 dimensions, or be left out");
  }

  Status TakeLabels(const std::string& method, ConfigTensor* tensor) {
    const std::string path = cursor_.Path();
    if (method != kForward) {
      return InvalidArgument(path + " must be left out: only forward's outputs are classified");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor_.TakeRaw());
    FLAMBEAU_ASSIGN_OR_RETURN(const Tensor labels,
                              ParseTensor({raw}, DType::kBytes, std::nullopt, path));
    if (labels.shape().size() != 1) return InvalidArgument(path + " must be a list of strings");
    FLAMBEAU_ASSIGN_OR_RETURN(const std::vector<std::string_view> elements, BytesElements(labels));
    tensor->labels.assign(elements.begin(), elements.end());
    return OkStatus();
  }

  Status TakeExamples() {
    FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor_.Kind());
    if (kind != JsonKind::kArray) return cursor_.Expected("a list of examples");
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor_.TakeRaw());
    manifest_.examples = raw;
    return OkStatus();
  }

  JsonCursor cursor_;
  Manifest manifest_;
};

}  // namespace

Result<Manifest> ParseManifest(std::string_view text) {
  std::string padded(text);
  padded.resize(text.size() + kJsonPadding);
  Result<Manifest> manifest = Reader(std::string_view(padded).substr(0, text.size())).Read();
  if (manifest.ok()) return manifest;
  return InvalidArgument(std::string(kManifestFile) + ": " +
                         std::string(Message(manifest.status())) + ".");
}

void Complete(const Manifest& manifest, ModelConfig* config) {
  const auto forward = manifest.methods.find(kForward);
  if (forward == manifest.methods.end()) return;
  const auto add = [&](std::vector<ConfigTensor> tensors, std::vector<ConfigTensor>* declared) {
    if (!declared->empty()) return;
    for (ConfigTensor& tensor : tensors) {
      const bool has_batch = config->max_batch_size.value_or(0) > 0 && !tensor.dims.empty();
      if (has_batch) tensor.dims.erase(tensor.dims.begin());
    }
    *declared = std::move(tensors);
  };
  for (ConfigTensor& output : config->outputs) {
    const auto& said = forward->second.outputs;
    const auto same = std::find_if(said.begin(), said.end(),
                                   [&](const ConfigTensor& o) { return o.name == output.name; });
    if (same != said.end() && output.labels.empty()) output.labels = same->labels;
  }
  add(forward->second.inputs, &config->inputs);
  add(forward->second.outputs, &config->outputs);
}

}  // namespace flambeau
