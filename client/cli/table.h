// Columns of text for a terminal.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace flambeau::client {

inline constexpr char kGreen[] = "\033[32m";
inline constexpr char kRed[] = "\033[31m";
inline constexpr char kYellow[] = "\033[33m";

// Of a version's state.
const char* ColourOf(const std::string& state);

// Threads: one at a time. Lifetime: a value. Errors: none.
class Table {
 public:
  struct Cell {
    std::string text;
    const char* colour = nullptr;  // plain
  };

  explicit Table(std::vector<Cell> headings) { AddRow(std::move(headings)); }

  void AddRow(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  // As wide as its cells need, two spaces between columns.
  std::string ToText(bool colour) const;

 private:
  std::vector<std::vector<Cell>> rows_;  // as many cells each
};

}  // namespace flambeau::client
