#include "backend/torch/archive.h"

#include <caffe2/serialize/read_adapter_interface.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "base/checked.h"

namespace flambeau {
namespace {

using caffe2::serialize::PyTorchStreamReader;
using caffe2::serialize::ReadAdapterInterface;

// Records beyond the file's own size: code and debug information are compressed, tensors never.
constexpr uint64_t kMaxInflatedBytes = uint64_t{256} << 20;
constexpr size_t kSniffedBytes = 64 << 10;

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

// "<what the file is>: <what to do>."
std::string Advise(std::string_view what) {
  std::string sentence(what);
  sentence.append(": save the model with torch.jit.script(model).save(path).");
  return sentence;
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}
bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// ONNX is a protobuf: ir_version (field 1, small) and then another low field.
bool LooksLikeOnnx(std::string_view head) {
  if (head.size() < 4 || head[0] != 0x08 || head[1] <= 0 || head[1] > 64) return false;
  return head[2] == 0x12 || head[2] == 0x1a || head[2] == 0x3a || head[2] == 0x42;
}

std::string WhatElse(std::string_view head) {
  if (head.size() > 1 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5) {
    return Advise(
        "The file is a pickle written by torch.save (a state_dict or an eager "
        "module), not TorchScript");
  }
  if (StartsWith(head, "version https://git-lfs")) {
    return "The file is a Git LFS pointer, not the model: fetch it with 'git lfs pull'.";
  }
  if (head.size() >= 8 && head.substr(4, 4) == "PTMF") {
    return "The file is a lite-interpreter flatbuffer: save it with _use_flatbuffer=False, or with "
           "torch.jit.save.";
  }
  if (head.size() >= 9 && head[8] == '{') {
    return Advise("The file holds weights only (safetensors), not TorchScript");
  }
  if (LooksLikeOnnx(head)) {
    return Advise("The file is an ONNX model, not TorchScript");
  }
  return Advise("The file is not a TorchScript archive");
}

bool IsExported(std::string_view names) {
  return Contains(names, "archive_format") || Contains(names, "exported_program.json") ||
         Contains(names, "models/model.json");
}
constexpr char kExported[] =
    "The file was written by torch.export (.pt2), not TorchScript: save the model with "
    "torch.jit.script(model).save(path).";

// LibTorch's reader did not take the zip: why not?
std::string WhatKindOfZip(const OpenFile& file) {
  const size_t tail_size = std::min(file.size(), kSniffedBytes);
  const std::string tail = file.Read(file.size() - tail_size, tail_size);
  if (!Contains(tail, "PK\x05\x06")) {
    return "The file is cut short (a zip archive without its end): copy or save it again.";
  }
  if (IsExported(tail)) return kExported;
  if (Contains(tail, "data.pkl") || Contains(tail, "version")) {
    return "The file is damaged (its zip archive cannot be read): copy or save it again.";
  }
  return Advise("The file is a zip archive, but not a TorchScript one");
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
  if (IsExported(names)) return InvalidArgument(kExported);
  if (reader.hasRecord("model.json")) {
    return InvalidArgument(
        "The file is of a format older than PyTorch 1.4: load and save it again with a newer one.");
  }
  if (!reader.hasRecord("constants.pkl") && reader.hasRecord("data.pkl")) {
    return InvalidArgument(
        Advise("The file was written by torch.save (a state_dict or an eager "
               "module), not TorchScript"));
  }
  if (!reader.hasRecord("constants.pkl") || !reader.hasRecord("data.pkl")) {
    return InvalidArgument(Advise("The file is a zip archive without a TorchScript model"));
  }
  return OkStatus();
}

}  // namespace

Result<ArchiveReader> OpenArchive(const std::string& path) {
  FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, OpenFile::Create(path));
  if (file->size() == 0) {
    return InvalidArgument(Advise("The file is empty"));
  }
  const std::string head = file->Read(0, 64);
  if (!StartsWith(head, "PK\x03\x04")) {
    if (StartsWith(head, "PK\x05\x06")) {
      return InvalidArgument(Advise("The file is an empty zip archive"));
    }
    return InvalidArgument(WhatElse(head));
  }
  try {
    ArchiveReader reader = std::make_shared<PyTorchStreamReader>(file);
    FLAMBEAU_RETURN_IF_ERROR(CheckRecords(*reader, file->size()));
    return reader;
  } catch (const std::exception&) {
    return InvalidArgument(WhatKindOfZip(*file));
  }
}

}  // namespace flambeau
