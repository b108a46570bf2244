#include "backend/torch/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace flambeau {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A format by the bytes that it has at a fixed place.
struct Magic {
  size_t offset;
  std::string_view bytes;
  std::string_view what;
};
constexpr std::array<Magic, 10> kModels = {{
    {0, "\x89HDF\r\n", "The file is HDF5 (weights of Keras, say), not TorchScript"},
    {0, "\x93NUMPY", "The file is a NumPy array, not TorchScript"},
    {0, "GGUF", "The file is GGUF (weights without code), not TorchScript"},
    {0,
     "\x7f"
     "ELF",
     "The file is a program or a library, not TorchScript"},
    {4, "TFL3", "The file is a TensorFlow Lite model, not TorchScript"},
    {4, "PTMF", "The file is a lite-interpreter flatbuffer (_use_flatbuffer=True)"},
    {4, "ET12", "The file is an ExecuTorch program (.pte), not TorchScript"},
    {0, "ftrt", "The file is a TensorRT engine, not TorchScript"},
    {0, "\xca\xfe\xba\xbe", "The file is a program or a library, not TorchScript"},
    {0, "%PDF", "The file is a PDF document, not TorchScript"},
}};
constexpr std::array<Magic, 5> kPacked = {{
    {257, "ustar", "tar"},
    {0, "\x1f\x8b", "gzip"},
    {0, "BZh", "bzip2"},
    {0,
     "\xfd"
     "7zXZ",
     "xz"},
    {0, "\x28\xb5\x2f\xfd", "zstd"},
}};

bool Has(std::string_view head, const Magic& magic) {
  return head.size() > magic.offset && head.substr(magic.offset).starts_with(magic.bytes);
}

// ONNX is a protobuf: ir_version (field 1, small) and then another low field.
bool LooksLikeOnnx(std::string_view head) {
  if (head.size() < 4 || head[0] != 0x08 || head[1] <= 0 || head[1] > 64) return false;
  return head[2] == 0x12 || head[2] == 0x1a || head[2] == 0x3a || head[2] == 0x42;
}

bool IsPickle(std::string_view head) {
  return head.size() > 1 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

// The first letters of a text, small ones, without what may stand before them.
std::string Opening(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const size_t begin = std::min(head.find_first_not_of(" \t\r\n"), head.size());
  std::string opening(head.substr(begin, 16));
  std::transform(opening.begin(), opening.end(), opening.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return opening;
}

// What a download gives in place of the file.
std::string DescribeText(std::string_view head) {
  if (head.starts_with("version https://git-lfs")) {
    return "The file is a Git LFS pointer, not the model: fetch it with 'git lfs pull'.";
  }
  const std::string opening = Opening(head);
  if (opening.starts_with("<!doctype") || opening.starts_with("<html")) {
    return "The file is a web page, not the model: the download wants another link or a login.";
  }
  if (opening.starts_with("<?xml") || opening.starts_with("<error")) {
    return "The file is an XML text (a download's error, say), not the model: fetch it again.";
  }
  return "";
}

bool IsNameChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
}

// A name at the front of `text` that a line's end follows; empty if there is none.
std::string_view NameLine(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsNameChar(text[end])) ++end;
  return end < text.size() && text[end] == '\n' ? text.substr(0, end) : std::string_view();
}

// What a dictionary of weights is made of.
bool HoldsWeights(std::string_view module) {
  static constexpr std::array<std::string_view, 11> kModules = {"torch",
                                                                "torch._utils",
                                                                "torch._tensor",
                                                                "torch.storage",
                                                                "torch.serialization",
                                                                "numpy",
                                                                "collections",
                                                                "builtins",
                                                                "__builtin__",
                                                                "_codecs",
                                                                "numpy.core.multiarray"};
  return std::find(kModules.begin(), kModules.end(), module) != kModules.end();
}

// The first class that the pickle names and that a dictionary of weights does not need.
std::string CodeClass(std::string_view pickle) {
  size_t at = 0;
  while ((at = pickle.find('c', at)) != std::string_view::npos) {
    const std::string_view module = NameLine(pickle.substr(++at));
    if (module.empty()) continue;
    const std::string_view name = NameLine(pickle.substr(at + module.size() + 1));
    if (name.empty()) continue;
    if (!HoldsWeights(module)) return std::string(module) + "." + std::string(name);
    at += module.size() + name.size() + 2;
  }
  return "";
}

}  // namespace

std::string AdviseToSave(std::string_view what) {
  return std::string(what) + ": save the model with torch.jit.script(model).save(path).";
}

std::string DescribePickle(std::string_view pickle) {
  const std::string code = CodeClass(pickle);
  if (!code.empty()) {
    return AdviseToSave("The file is an eager module or object written by torch.save (" + code +
                        "), which needs its Python code");
  }
  if (Contains(pickle, "_rebuild_tensor") || Contains(pickle, "_rebuild_parameter")) {
    return "The file is a state_dict, weights without code: load it into its model and save that "
           "with torch.jit.script(model).save(path).";
  }
  return AdviseToSave("The file is a pickle of Python values, not TorchScript");
}

std::string DescribeNoZip(std::string_view head) {
  if (IsPickle(head)) return DescribePickle(head);
  const std::string text = DescribeText(head);
  if (!text.empty()) return text;
  for (const Magic& magic : kModels) {
    if (Has(head, magic)) return AdviseToSave(magic.what);
  }
  for (const Magic& magic : kPacked) {
    if (!Has(head, magic)) continue;
    return "The file is packed by " + std::string(magic.what) +
           ": unpack it, and serve the TorchScript file that it holds.";
  }
  if (head.size() >= 9 && head[8] == '{') {
    return "The file is safetensors, weights without code: load it into its model and save that "
           "with torch.jit.script(model).save(path).";
  }
  if (LooksLikeOnnx(head)) return AdviseToSave("The file is an ONNX model, not TorchScript");
  return AdviseToSave("The file is not a TorchScript archive");
}

std::optional<std::string> DescribeZip(std::string_view names) {
  if (Contains(names, "archive_format") || Contains(names, "exported_program.json") ||
      Contains(names, "models/model.json")) {
    return AdviseToSave("The file was written by torch.export (.pt2), not TorchScript");
  }
  if (Contains(names, ".data/extern_modules")) {
    return AdviseToSave("The file was written by torch.package, which needs Python");
  }
  if (Contains(names, "MAR-INF/")) {
    return "The file is a TorchServe archive (.mar): unpack it, and serve the TorchScript file "
           "that it holds.";
  }
  if (Contains(names, ".weights.h5")) {
    return AdviseToSave("The file is a Keras model, not TorchScript");
  }
  if (Contains(names, ".npy")) return AdviseToSave("The file is NumPy arrays (.npz)");
  return std::nullopt;
}

std::optional<std::string> DescribeVersion(std::string_view thrown) {
  if (Contains(thrown, "maximum supported version")) {
    return "The file was saved by a newer PyTorch than this server's LibTorch can read: save it "
           "with an older one, or update the server's LibTorch.";
  }
  if (Contains(thrown, "minimum supported version")) {
    return "The file is of a format older than PyTorch 1.0: load and save it again with a newer "
           "one.";
  }
  return std::nullopt;
}

}  // namespace flambeau
