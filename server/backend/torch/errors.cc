#include "backend/torch/errors.h"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <array>
#include <exception>
#include <new>
#include <optional>

#include "backend/script_traceback.h"
#include "base/no_memory.h"

namespace flambeau {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What was thrown: the whole text for the log and, if the model's own code raised it, its class.
struct Failure {
  std::string text;
  std::string raised;   // "ValueError": raised by the model's code
  std::string message;  // then its message
  bool no_memory = false;
};

Failure Describe() {
  Failure failure;
  try {
    throw;
  } catch (const torch::jit::JITException& error) {
    failure.text = error.what();
    failure.raised = error.getPythonClassName().value_or("an exception");
    failure.message = error.getOriginalMsg().value_or("");
  } catch (const c10::OutOfMemoryError& error) {
    failure.text = error.what();
    failure.no_memory = true;
  } catch (const c10::Error& error) {
    failure.text = error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    failure.text = "std::bad_alloc";
    failure.no_memory = true;
  } catch (const std::exception& error) {
    failure.text = error.what();
  } catch (...) {
    failure.text = "an exception of an unknown type";
  }
  failure.no_memory = failure.no_memory || Contains(failure.text, "not enough memory") ||
                      Contains(failure.text, "allocate memory") ||
                      Contains(failure.text, "out of memory") ||
                      Contains(failure.text, "std::bad_alloc");
  return failure;
}

// "ValueError" of "builtins.ValueError"; a class of the author's own keeps its module.
std::string ClassName(std::string name) {
  constexpr std::string_view kBuiltins = "builtins.";
  if (name.rfind(kBuiltins, 0) == 0) name.erase(0, kBuiltins.size());
  return name;
}

std::string FirstLine(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.remove_suffix(1);
  return std::string(text);
}

// The operator's own words: the interpreter wraps them in a traceback of the model's source and
// names the class in front of them.
std::string OperatorsWords(std::string_view text) {
  static constexpr std::string_view kMark = "\nRuntimeError: ";
  const size_t mark = text.rfind(kMark);
  if (mark != std::string_view::npos) text = text.substr(mark + kMark.size());
  for (std::string_view noise :
       {"(Exception raised from", "Exception raised from", "[enforce fail"}) {
    const size_t at = text.find(noise);
    if (at != std::string_view::npos && at > 0) text = text.substr(0, at);
  }
  std::string line = FirstLine(text);
  // "[enforce fail at file.cpp:12] . DefaultCPUAllocator: ..." names a source file.
  const size_t file = line.find(".cpp:");
  if (file != std::string::npos) return "";
  return line;
}

// What LibTorch says when a request's shapes, datatypes or indices do not fit. Its operators all
// throw one class, so the words decide.
bool BlamesTheInput(std::string_view words) {
  static constexpr std::array<std::string_view, 38> kSigns = {"shape",
                                                              "Shape",
                                                              "size",
                                                              "Size",
                                                              "dimension",
                                                              "Dimension",
                                                              "dims",
                                                              "out of range",
                                                              "out of bounds",
                                                              "must match",
                                                              "must be",
                                                              "should be",
                                                              "channels",
                                                              "scalar type",
                                                              "dtype",
                                                              "Expected ",
                                                              "expected ",
                                                              "mat1 and mat2",
                                                              "mat1 and mat",
                                                              "vec (",
                                                              "Given groups",
                                                              "Given input",
                                                              "cannot be multiplied",
                                                              "Input type",
                                                              "not implemented for '",
                                                              "can't be cast",
                                                              "cannot be cast",
                                                              "only Tensors of",
                                                              "only support",
                                                              "Boolean value of Tensor",
                                                              "no elements",
                                                              "non-empty",
                                                              "zero-dim",
                                                              "broadcast",
                                                              "inconsistent tensor",
                                                              "Float but",
                                                              "numel",
                                                              "not enough values"};
  for (std::string_view sign : kSigns) {
    if (Contains(words, sign)) return true;
  }
  return false;
}

// " (line 7 of net.py, in forward: 'x = self.table(ids)')"; empty if the text tells no line.
std::string Where(std::string_view text) {
  const std::optional<SourceLine> line = FailedLine(text);
  return line ? " (" + ToText(*line) + ")" : "";
}

Status Classify(Log* log, std::string_view method) {
  const Failure failure = Describe();
  log->Warning("run failed", {{"method", method}, {"error", failure.text}});
  if (failure.no_memory) {
    return NoMemory("The model ran out of memory: send a smaller input.");
  }
  const std::string where = Where(failure.text);
  if (!failure.raised.empty()) {
    const std::string message = FirstLine(failure.message);
    return InvalidArgument("The model refused the input with " + ClassName(failure.raised) +
                           (message.empty() ? "" : ": " + message) + where + ".");
  }
  const std::string words = OperatorsWords(failure.text);
  if (Contains(words, "to be on the same device")) {
    return Internal(
        "The model mixes tensors of the CPU and of the GPU" + where +
        ": make all of them on the device of its input, or serve it with --device cpu.");
  }
  if (!words.empty() && BlamesTheInput(words)) {
    return InvalidArgument("The input does not fit the model: " + words + where + ".");
  }
  return Internal("The model failed while it ran" + where + "; the server's log has the details.");
}

// "Unknown builtin op: torchvision::nms.\nHere are some suggestions: ..."
std::string UnknownOperator(std::string_view text) {
  static constexpr std::string_view kMark = "Unknown builtin op: ";
  const size_t at = text.find(kMark);
  if (at == std::string_view::npos) return "";
  text.remove_prefix(at + kMark.size());
  return std::string(text.substr(
      0,
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:")));
}

Status ClassifyLoad(Log* log) {
  const Failure failure = Describe();
  log->Warning("model file refused", {{"error", failure.text}});
  if (failure.no_memory) return ResourceExhausted("There is not enough memory to load the model.");
  const std::string unknown = UnknownOperator(failure.text);
  if (!unknown.empty()) {
    return InvalidArgument("The model needs the operator '" + unknown +
                           "', which this LibTorch does not have.");
  }
  if (!failure.raised.empty()) {
    return InvalidArgument("The model's own loading code (__setstate__) raised " + failure.raised +
                           ": save the model again.");
  }
  if (Contains(failure.text, "archive") || Contains(failure.text, "PytorchStreamReader")) {
    return InvalidArgument(
        "The file is damaged (a part of it cannot be read): copy or save it again.");
  }
  return InvalidArgument(
      "The file is not a TorchScript model that this LibTorch can load (the log has the details): "
      "save it again.");
}

}  // namespace

Status RunFailure(Log* log, std::string_view method) noexcept {
  try {
    return Classify(log, method);
  } catch (...) {
    return NoMemory("The model ran out of memory: send a smaller input.");
  }
}

Status LoadFailure(Log* log) noexcept {
  try {
    return ClassifyLoad(log);
  } catch (...) {
    return ResourceExhausted("There is not enough memory to load the model.");
  }
}

}  // namespace flambeau
