#include "backend/script_traceback.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

#include "base/sentence.h"

namespace flambeau {
namespace {

constexpr size_t kMaxName = 64;
constexpr size_t kMaxCode = 120;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// PyTorch's own files: installed, or as a model file keeps them.
bool IsLibrarys(std::string_view path) {
  for (const std::string_view folder : {"-packages/torch/", "__torch__/torch/", "torch/nn/modules/",
                                        "torch/nn/functional.py", "torch/jit/"}) {
    if (path.find(folder) != std::string_view::npos) return true;
  }
  return false;
}

std::optional<SourceLine> MakeLine(std::string_view path, std::string_view number,
                                   std::string_view function) {
  SourceLine line;
  const auto [stop, error] =
      std::from_chars(number.data(), number.data() + number.size(), line.line);
  if (error != std::errc() || stop != number.data() + number.size()) return std::nullopt;
  if (path.empty() || IsLibrarys(path)) return std::nullopt;
  line.file = Printable(path.substr(path.find_last_of("/\\") + 1), kMaxName);
  line.function = Printable(Trim(function), kMaxName);
  return line;
}

// `  File "net.py", line 7, in forward`
std::optional<SourceLine> ScriptedLine(std::string_view text) {
  constexpr std::string_view kFile = "  File \"";
  constexpr std::string_view kLine = "\", line ";
  constexpr std::string_view kIn = ", in ";
  const size_t line = text.rfind(kLine);
  if (!text.starts_with(kFile) || line == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(line + kLine.size());
  const size_t in = rest.find(kIn);
  if (in == std::string_view::npos) return std::nullopt;
  return MakeLine(text.substr(kFile.size(), line - kFile.size()), rest.substr(0, in),
                  rest.substr(in + kIn.size()));
}

// `net.py(7): forward`
std::optional<SourceLine> TracedLine(std::string_view text) {
  const size_t close = text.rfind("): ");
  if (close == std::string_view::npos || text.starts_with(' ')) return std::nullopt;
  const size_t open = text.rfind('(', close);
  if (open == std::string_view::npos) return std::nullopt;
  return MakeLine(text.substr(0, open), text.substr(open + 1, close - open - 1),
                  text.substr(close + 3));
}

// The line that the marks under it point to, in the source that follows a scripted line.
std::string MarkedCode(const std::vector<std::string_view>& lines, size_t at) {
  for (size_t i = at; i + 1 < lines.size() && !lines[i].starts_with("  File \""); ++i) {
    if (!Trim(lines[i + 1]).starts_with('~')) continue;
    return Printable(Trim(lines[i]), kMaxCode);
  }
  return "";
}

// Calls are listed from the outermost on, but within a traced one from the innermost.
std::optional<SourceLine> Innermost(std::string_view section) {
  const std::vector<std::string_view> lines = Lines(section);
  std::optional<SourceLine> found;
  bool in_trace = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (auto scripted = ScriptedLine(lines[i])) {
      scripted->code = MarkedCode(lines, i + 1);
      found = std::move(scripted);
      in_trace = false;
    } else if (auto traced = TracedLine(lines[i])) {
      if (!in_trace) found = std::move(traced);
      in_trace = true;
    } else if (lines[i].starts_with(' ')) {
      in_trace = false;
    }
  }
  return found;
}

}  // namespace

std::optional<SourceLine> FailedLine(std::string_view text) {
  constexpr std::string_view kSaved = "Traceback of TorchScript, serialized code";
  constexpr std::string_view kOriginal = "Traceback of TorchScript, original code";
  constexpr std::string_view kOnly = "Traceback of TorchScript (most recent call last)";
  const size_t original = text.find(kOriginal);
  if (original != std::string_view::npos) {
    if (auto line = Innermost(text.substr(original))) return line;
  }
  const size_t saved = std::min(text.find(kSaved), text.find(kOnly));
  if (saved == std::string_view::npos) return std::nullopt;
  const size_t length = original == std::string_view::npos ? original : original - saved;
  return Innermost(text.substr(saved, length));
}

std::string ToText(const SourceLine& line) {
  std::string text =
      "line " + std::to_string(line.line) + " of " + line.file + ", in " + line.function;
  if (!line.code.empty()) text += ": '" + line.code + "'";
  return text;
}

}  // namespace flambeau
