// Triton's names for a PyTorch model's inputs and outputs: INPUT__0, OUTPUT__1.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace flambeau {

inline constexpr std::string_view kInputAlias = "INPUT__";
inline constexpr std::string_view kOutputAlias = "OUTPUT__";

// The i of "INPUT__<i>", if `prefix` is kInputAlias; nothing for any other name.
std::optional<size_t> AliasIndex(std::string_view name, std::string_view prefix);

}  // namespace flambeau
