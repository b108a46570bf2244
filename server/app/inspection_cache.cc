#include "app/inspection_cache.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "wire/inspection_json.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".json";

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }

  void Add(const void* data, size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
  // With its length, so that no two lists of texts are hashed alike.
  void AddText(const std::string& text) {
    const uint64_t size = text.size();
    Add(&size, sizeof(size));
    Add(text.data(), text.size());
  }
  std::string Hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
      hex += kDigits[digest[i] >> 4];
      hex += kDigits[digest[i] & 15];
    }
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// What is measured, and on what: empty if nothing is.
std::string TuningKey(const InspectionRequest& request) {
  const TuningScope& scope = request.tuning;
  if (scope.empty()) return "";
  const auto open = [](bool yes) { return yes ? "open " : "said "; };
  return std::string(open(scope.instances)) + open(scope.threads) + open(scope.max_batch_size) +
         std::to_string(scope.cores) + " " + std::to_string(request.scheduler.instances);
}

// False if it cannot be read to its end.
bool AddFile(const std::string& path, Sha256* hash) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  std::vector<char> buffer(size_t{1} << 20);
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count <= 0) return count == 0;
    hash->Add(buffer.data(), static_cast<size_t>(count));
  }
}

// An entry decides what is merged: nobody else may have written it.
Status CheckOwner(const std::string& directory) {
  struct stat status {};
  if (lstat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return FailedPrecondition("it is not a directory");
  }
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return FailedPrecondition("somebody else may write into it");
  }
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    return FailedPrecondition("it cannot be written");
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<InspectionCache>> InspectionCache::Create(const Options& options) {
  std::error_code error;
  fs::create_directories(fs::path(options.directory).parent_path(), error);
  // Only where it is new are its permissions ours to set.
  if (mkdir(options.directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return FailedPrecondition("it cannot be made");
  }
  FLAMBEAU_RETURN_IF_ERROR(CheckOwner(options.directory));
  // The constructor is private, which make_unique cannot reach.
  return std::unique_ptr<InspectionCache>(new InspectionCache(options));  // NOLINT
}

Result<std::string> InspectionCache::KeyOf(const InspectionRequest& request,
                                           const std::string& beside) const {
  Sha256 hash;
  hash.AddText(options_.identity);
  hash.AddText(request.device);
  hash.AddText(std::to_string(request.scheduler.max_batch_size));
  hash.AddText(std::to_string(request.scheduler.intra_op_threads));
  hash.AddText(TuningKey(request));
  hash.AddText(beside);
  if (!AddFile(request.file, &hash)) return NotFound("The model file cannot be read.");
  return hash.Hex();
}

std::string InspectionCache::PathOf(const std::string& key) const {
  return (fs::path(options_.directory) / (key + kExtension)).string();
}

std::optional<Inspection> InspectionCache::Find(const std::string& key) const {
  std::ifstream file(PathOf(key));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Result<Inspection> inspection = DecodeInspection(text);
  if (!inspection.ok()) return std::nullopt;
  // Used: it goes last.
  utimensat(AT_FDCWD, PathOf(key).c_str(), nullptr, 0);
  return *std::move(inspection);
}

void InspectionCache::Store(const std::string& key, const Inspection& inspection) const {
  const std::string text = EncodeInspection(inspection);
  std::string partial = PathOf(key) + ".XXXXXX";
  {
    const UniqueFd file(mkostemp(partial.data(), O_CLOEXEC));  // for its owner alone
    if (!file.valid()) return;
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
      unlink(partial.c_str());
      return;
    }
  }
  if (rename(partial.c_str(), PathOf(key).c_str()) != 0) unlink(partial.c_str());
  Prune();
}

void InspectionCache::Prune() const {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> entries;
  for (fs::directory_iterator at(options_.directory, error), end; !error && at != end;
       at.increment(error)) {
    entries.emplace_back(fs::last_write_time(at->path(), error), at->path());
  }
  if (entries.size() <= options_.max_entries) return;
  std::sort(entries.begin(), entries.end());
  entries.resize(entries.size() - options_.max_entries);
  for (const auto& [used, path] : entries) fs::remove(path, error);
}

}  // namespace flambeau
