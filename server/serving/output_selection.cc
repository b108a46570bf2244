#include "serving/output_selection.h"

#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "serving/alias.h"

namespace flambeau {
namespace {

// The position of `asked` among `outputs`, by name or as OUTPUT__<i>.
template <typename Named>
std::optional<size_t> FindOutput(const std::vector<Named>& outputs, const std::string& asked,
                                 const Declaration* declaration) {
  const std::string name = declaration == nullptr ? asked : declaration->OutputName(asked);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].name == name) return i;
  }
  const std::optional<size_t> index = AliasIndex(name, kOutputAlias);
  return index && *index < outputs.size() ? index : std::nullopt;
}

template <typename Named>
Status NoSuchOutput(const std::vector<Named>& outputs, const std::string& name) {
  std::string list;
  for (const Named& output : outputs) list += (list.empty() ? "'" : ", '") + output.name + "'";
  return InvalidArgument("There is no output '" + name + "'; the model gives " +
                         (list.empty() ? "none" : list) + ".");
}

}  // namespace

Status CheckRequestedOutputs(const std::vector<ResultFact>& results,
                             const std::vector<RequestedOutput>& requested,
                             const Declaration* declaration) {
  std::unordered_set<std::string_view> names;
  for (const RequestedOutput& output : requested) {
    if (!names.insert(output.name).second) {
      return InvalidArgument("Output '" + output.name + "' is requested twice; name it once.");
    }
    if (!results.empty() && !FindOutput(results, output.name, declaration).has_value()) {
      return NoSuchOutput(results, output.name);
    }
  }
  return OkStatus();
}

Result<std::vector<NamedTensor>> SelectOutputs(std::vector<NamedTensor> outputs,
                                               const std::vector<RequestedOutput>& requested,
                                               const Declaration* declaration) {
  if (requested.empty()) return outputs;
  std::vector<NamedTensor> selected;
  selected.reserve(requested.size());
  for (const RequestedOutput& wanted : requested) {
    const std::optional<size_t> index = FindOutput(outputs, wanted.name, declaration);
    if (!index.has_value()) return NoSuchOutput(outputs, wanted.name);
    selected.push_back({wanted.name, outputs[*index].tensor});
  }
  return selected;
}

}  // namespace flambeau
