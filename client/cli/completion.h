// Shell completion, made from the command's flags.
#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace flambeau::client {

// A script for bash, or for zsh, which reads the same by its bashcompinit.
// Threads: any. Lifetime: none. Errors: none.
std::string MakeCompletion(const CLI::App& app, bool zsh);

}  // namespace flambeau::client
