// What the two halves of layout.h share; only repository's sources include this.
#pragma once

#include <filesystem>
#include <system_error>
#include <vector>

namespace flambeau {

inline constexpr char kLeavesDirectory[] =
    "it is a symbolic link that leaves the model directory; put the file itself there";

inline constexpr char kModelFiles[] = ".pt, .pth, .ptl, .jit or .torchscript file";

// By its extension.
bool IsModelFile(const std::filesystem::path& file);

// A link may point elsewhere inside (Kubernetes mounts volumes so), never out. `root` is canonical.
bool Inside(const std::filesystem::path& root, const std::filesystem::path& path);

// Sorted, so that logs and the index do not depend on the file system.
std::vector<std::filesystem::path> Entries(const std::filesystem::path& directory,
                                           std::error_code* error);

}  // namespace flambeau
