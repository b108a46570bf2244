// What a process that tries a model out tells the server, line by line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "repository/inspector.h"

namespace flambeau {

// Threads: one. Lifetime: does not own the descriptor. Errors: none: a reader that is gone is not
// this program's to mend.
class ReportWriter {
 public:
  explicit ReportWriter(int fd) : fd_(fd) {}

  // What the model does from now on, as in "... while it was loaded".
  void Step(std::string_view step);
  // The last line.
  void End(const Result<Inspection>& result);

 private:
  void WriteLine(const std::string& line) const;

  const int fd_;
};

struct Report {
  std::string step;                       // the last one begun; empty if none
  std::optional<Result<Inspection>> end;  // nothing if the writer did not come so far
};

// Reads what came, also if it was cut off. Errors: none.
Report ReadReport(std::string_view text);

}  // namespace flambeau
