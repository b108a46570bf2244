// What a file is that LibTorch does not take, told by its bytes; nothing of it is run or unpickled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flambeau {

// So many bytes of a file's beginning are enough for the two below.
inline constexpr size_t kSniffedBytes = 64 << 10;

// Each returns one sentence: what the file is, and what to do.
// Threads: free functions, any thread. Lifetime: they keep nothing. Errors: none.
std::string DescribeNoZip(std::string_view head);     // any file that is not a zip archive
std::string DescribePickle(std::string_view pickle);  // what torch.save wrote

// A zip archive of another program, by a text that holds its entries' names; nothing if it is none
// that is known.
std::optional<std::string> DescribeZip(std::string_view names);

// "<what>: save the model with torch.jit.script(model).save(path)."
std::string AdviseToSave(std::string_view what);

// Why LibTorch's reader refused the archive's `version`, by what it threw; nothing if that was not
// the reason.
std::optional<std::string> DescribeVersion(std::string_view thrown);

}  // namespace flambeau
