// Tries models out in a process of its own, which may crash, hang or fill its memory in their
// stead.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "app/child_process.h"
#include "app/inspection_cache.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "repository/inspector.h"

namespace flambeau {

// Starts `flambeau-server inspect`, confined (see confinement.h), and keeps what it told.
//
// Threads: any. Lifetime: as Inspector; a call ends at the latest when its time is over.
// Errors: Inspect: INVALID_ARGUMENT where the model ends or hangs its process, else what the child
// says of the model.
class ChildInspector final : public Inspector {
 public:
  struct Options {
    std::string program = "/proc/self/exe";
    Duration timeout = std::chrono::seconds(60);
    std::vector<std::string> flags;          // more of `inspect`, handed on as they are
    std::unique_ptr<InspectionCache> cache;  // null: every model is tried out at every load
  };
  ChildInspector(Options options, Log* log) : options_(std::move(options)), log_(log) {}

  Result<Inspection> Inspect(const InspectionRequest& request) override;
  void Remember(const InspectionRequest& request, const FileStamp& stamp,
                const Inspection& inspection) override;

 private:
  Result<Inspection> InspectAnew(const InspectionRequest& request);
  static Result<Inspection> Explain(const ChildEnd& end, Duration timeout);

  const Options options_;
  Log* const log_;
  std::mutex tuning_;
};

}  // namespace flambeau
