#include "backend/torch/archive.h"

#include <c10/util/Exception.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "backend/torch/file_kind.h"
#include "base/checked.h"

namespace flambeau {
namespace {

using caffe2::serialize::PyTorchStreamReader;
using caffe2::serialize::ReadAdapterInterface;

// Records beyond the file's own size: code and debug information are compressed, tensors never.
constexpr uint64_t kMaxInflatedBytes = uint64_t{256} << 20;

// One open file; a name that changes underneath changes nothing here.
class OpenFile final : public ReadAdapterInterface {
 public:
  static Result<std::shared_ptr<OpenFile>> Create(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return InvalidArgument("The model file cannot be opened for reading.");
    std::shared_ptr<OpenFile> file(new OpenFile(descriptor));
    struct stat info {};
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
      return InvalidArgument("The model is not a regular file.");
    }
    file->size_ = static_cast<size_t>(info.st_size);
    return file;
  }
  ~OpenFile() override { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  size_t size() const override { return size_; }

  size_t read(uint64_t pos, void* buf, size_t n, const char* /*what*/) const override {
    size_t done = 0;
    while (done < n) {
      const ssize_t got = pread(descriptor_, static_cast<char*>(buf) + done, n - done,
                                static_cast<off_t>(pos + done));
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  std::string Read(uint64_t pos, size_t n) const {
    std::string bytes(n, '\0');
    bytes.resize(read(pos, bytes.data(), n, ""));
    return bytes;
  }

 private:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
  size_t size_ = 0;
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// LibTorch's reader did not take the zip: why not?
std::string WhatKindOfZip(const OpenFile& file) {
  const size_t tail_size = std::min(file.size(), kSniffedBytes);
  const std::string tail = file.Read(file.size() - tail_size, tail_size);
  if (!Contains(tail, "PK\x05\x06")) {
    return "The file is cut short (a zip archive without its end): copy or save it again.";
  }
  if (auto other = DescribeZip(tail)) return *other;
  if (Contains(tail, "data.pkl") || Contains(tail, "version")) {
    return "The file is damaged (its zip archive cannot be read): copy or save it again.";
  }
  return AdviseToSave("The file is a zip archive, but not a TorchScript one");
}

std::string Text(PyTorchStreamReader& reader, const std::string& name) {
  auto [data, size] = reader.getRecord(name);
  return {static_cast<const char*>(data.get()), size};
}

// A zip archive that LibTorch reads, but without a module.
std::string WithoutModel(PyTorchStreamReader& reader, const std::string& names) {
  if (auto other = DescribeZip(names)) return *other;
  if (reader.hasRecord("model.json")) {
    return "The file is of a format older than PyTorch 1.4: load and save it again with a newer "
           "one.";
  }
  if (reader.hasRecord("data.pkl")) return DescribePickle(Text(reader, "data.pkl"));
  return AdviseToSave("The file is a zip archive without a TorchScript model");
}

Status CheckRecords(PyTorchStreamReader& reader, size_t file_size) {
  uint64_t total = 0;
  std::string names;
  for (const std::string& name : reader.getAllRecords()) {
    const std::optional<uint64_t> sum = CheckedAdd<uint64_t>(total, reader.getRecordSize(name));
    if (!sum || *sum > file_size + kMaxInflatedBytes) {
      return InvalidArgument("The file's archive claims far more bytes than the file holds.");
    }
    total = *sum;
    names += name + '\n';
  }
  if (!reader.hasRecord("constants.pkl") || !reader.hasRecord("data.pkl")) {
    return InvalidArgument(WithoutModel(reader, names));
  }
  // Tensors are mapped as they are.
  if (reader.hasRecord("byteorder") && Text(reader, "byteorder") != "little") {
    return InvalidArgument(
        "The file was saved on a big-endian machine: load and save it again on a little-endian "
        "one.");
  }
  return OkStatus();
}

}  // namespace

Result<ArchiveReader> OpenArchive(const std::string& path) {
  FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, OpenFile::Create(path));
  if (file->size() == 0) {
    return InvalidArgument(AdviseToSave("The file is empty"));
  }
  const std::string head = file->Read(0, kSniffedBytes);
  if (!head.starts_with("PK\x03\x04")) {
    if (head.starts_with("PK\x05\x06")) {
      return InvalidArgument(AdviseToSave("The file is an empty zip archive"));
    }
    return InvalidArgument(DescribeNoZip(head));
  }
  try {
    ArchiveReader reader = std::make_shared<PyTorchStreamReader>(file);
    FLAMBEAU_RETURN_IF_ERROR(CheckRecords(*reader, file->size()));
    return reader;
  } catch (const c10::Error& error) {
    // what() would look up the names of a stack of calls, which takes longer than all the rest.
    const auto version = DescribeVersion(error.what_without_backtrace());
    return InvalidArgument(version ? *version : WhatKindOfZip(*file));
  } catch (const std::exception&) {
    return InvalidArgument(WhatKindOfZip(*file));
  }
}

}  // namespace flambeau
