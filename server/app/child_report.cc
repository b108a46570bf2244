#include "app/child_report.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "wire/inspection_json.h"

namespace flambeau {
namespace {

constexpr std::string_view kStep = "step ";
constexpr std::string_view kInspection = "inspection ";
constexpr std::string_view kError = "error ";

// The rest of `line` behind `keyword`; nothing if it is another's.
std::optional<std::string_view> After(std::string_view keyword, std::string_view line) {
  if (line.substr(0, keyword.size()) != keyword) return std::nullopt;
  return line.substr(keyword.size());
}

// "3 The file is damaged."
Status ReadError(std::string_view text) {
  int code = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  if (error != std::errc() || code == 0 || text.empty()) {
    return Internal("The check of the model ended with an error that cannot be read.");
  }
  return {static_cast<StatusCode>(code), {text.data() + 1, text.size() - 1}};
}

}  // namespace

void ReportWriter::Step(std::string_view step) { WriteLine(std::string(kStep) += step); }

void ReportWriter::End(const Result<Inspection>& result) {
  if (result.ok()) return WriteLine(std::string(kInspection) + EncodeInspection(*result));
  std::string line(kError);
  line += std::to_string(static_cast<int>(result.status().code())) + " ";
  line += Message(result.status());
  std::replace(line.begin(), line.end(), '\n', ' ');
  WriteLine(line);
}

void ReportWriter::WriteLine(const std::string& line) const {
  const std::string text = line + "\n";
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(fd_, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<size_t>(written);
  }
}

Report ReadReport(std::string_view text) {
  Report report;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (const auto step = After(kStep, line)) report.step = *step;
    if (const auto error = After(kError, line)) report.end = ReadError(*error);
    if (const auto json = After(kInspection, line)) report.end = DecodeInspection(*json);
  }
  return report;
}

}  // namespace flambeau
