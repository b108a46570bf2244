#include "serving/trace_file.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "codec/json_numbers.h"

namespace flambeau {
namespace {

int64_t Nanoseconds(TimePoint at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

// Two elements, as Triton writes them: who it was, and when.
std::string TextOf(const Trace& trace) {
  const std::string id = R"({"id":)" + std::to_string(trace.id);
  std::string text = id + R"(,"model_name":)";
  AppendString(trace.model, &text);
  text += R"(,"model_version":)" + std::to_string(trace.version) + R"(,"request_id":)";
  AppendString(trace.request_id, &text);
  text += "},\n" + id + R"(,"timestamps":[)";
  for (const TraceStamp& stamp : trace.stamps) {
    if (&stamp != &trace.stamps.front()) text += ',';
    text += R"({"name":")" + std::string(stamp.name) + R"(","ns":)" +
            std::to_string(Nanoseconds(stamp.at)) + '}';
  }
  return text + "]}";
}

}  // namespace

Result<std::unique_ptr<TraceFile>> TraceFile::Create(const Options& options, Log* log) {
  std::unique_ptr<TraceFile> file(new TraceFile(options, log));
  if (!Open(options.path, &file->whole_)) {
    return FailedPrecondition("The trace file '" + options.path +
                              "' cannot be written; name another with --trace-file.");
  }
  file->thread_ = Thread("trace", [raw = file.get()] { raw->Run(); });
  return file;
}

TraceFile::~TraceFile() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_one();
  }
  thread_.Join();
}

std::string TraceFile::name() const {
  return std::filesystem::path(options_.path).filename().string();
}

uint64_t TraceFile::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void TraceFile::Write(Trace trace) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.max_waiting) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(trace));
  changed_.notify_one();
}

void TraceFile::Run() {
  uint64_t told = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::vector<Trace> traces = std::exchange(waiting_, {});
    lock.unlock();
    WriteAll(traces);
    lock.lock();
    // Once for each power of two: a disk that stays full fills no log.
    if (dropped_ > 2 * told) {
      told = dropped_;
      log_->Warning("traces were dropped", {{"so_far", static_cast<int64_t>(told)}});
    }
  }
}

void TraceFile::WriteAll(const std::vector<Trace>& traces) {
  uint64_t failed = 0;
  for (const Trace& trace : traces) {
    Array* const array = ArrayOf(trace);
    if (array == nullptr || !Append(trace, array)) ++failed;
  }
  if (whole_.file) std::fflush(whole_.file.get());
  if (part_.file) std::fflush(part_.file.get());
  if (failed > 0) Drop(failed);
}

void TraceFile::Drop(uint64_t count) {
  const std::lock_guard lock(mutex_);
  dropped_ += count;
}

TraceFile::Array* TraceFile::ArrayOf(const Trace& trace) {
  if (bytes_ >= options_.max_bytes) return nullptr;
  if (trace.log_frequency == 0) return &whole_;
  if (part_.file && part_.traces < trace.log_frequency) return &part_;
  if (parts_ == options_.max_files) return nullptr;
  part_ = Array();
  return Open(options_.path + "." + std::to_string(parts_++), &part_) ? &part_ : nullptr;
}

bool TraceFile::Open(const std::string& path, Array* array) {
  array->file.reset(std::fopen(path.c_str(), "we"));
  if (!array->file) return false;
  array->end = 1;
  return std::fputs("[]\n", array->file.get()) >= 0 && std::fflush(array->file.get()) == 0;
}

// Over the closing bracket, which is written anew behind it.
bool TraceFile::Append(const Trace& trace, Array* array) {
  const std::string text = (array->traces == 0 ? "\n" : ",\n") + TextOf(trace);
  std::FILE* const file = array->file.get();
  if (std::fseek(file, array->end, SEEK_SET) != 0) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
                       std::fputs("\n]\n", file) >= 0;
  if (!written) return false;
  array->end += static_cast<long>(text.size());
  bytes_ += text.size();
  ++array->traces;
  return true;
}

}  // namespace flambeau
