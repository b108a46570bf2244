// Where in its author's source a TorchScript run failed, read from the text that LibTorch throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flambeau {

struct SourceLine {
  std::string file;  // its name, without directories
  int64_t line = 0;
  std::string function;
  std::string code;  // empty of a traced model, which keeps none
};

// The innermost line that is not PyTorch's own: the author's source where the model file names it,
// else the code that was saved. Nothing if the text tells of no such line. What a model file says
// is cut and made printable: it may be anything.
std::optional<SourceLine> FailedLine(std::string_view text);

// "line 7 of net.py, in forward: 'x = self.table(ids)'"
std::string ToText(const SourceLine& line);

}  // namespace flambeau
