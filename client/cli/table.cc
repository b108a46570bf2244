#include "cli/table.h"

#include <algorithm>
#include <cstddef>

namespace flambeau::client {

const char* ColourOf(const std::string& state) {
  if (state == "READY") return kGreen;
  return state == "UNAVAILABLE" ? kRed : kYellow;
}

std::string Table::ToText(bool colour) const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].text.size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    size_t spaces = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      line += std::string(spaces, ' ');
      const bool paint = colour && row[i].colour != nullptr;
      line += paint ? row[i].colour + row[i].text + "\033[0m" : row[i].text;
      spaces = widths[i] - row[i].text.size() + 2;
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace flambeau::client
