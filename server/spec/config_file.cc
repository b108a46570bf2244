#include "spec/config_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "proto/model_config.pb.h"
#include "spec/config_message_internal.h"
#include "spec/model_files.h"

namespace flambeau {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxConfigBytes = 1 << 20;
constexpr int kMaxNesting = 32;

// Keeps the first error, in people's counting of lines.
class FirstError final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = (line < 0 ? ""
                      : ", line " + std::to_string(line + 1) + ", column " +
                            std::to_string(column + 1)) +
            ": " + message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// protobuf ends its own sentences as it likes, and repeats the input below some.
std::string AsSentence(std::string text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text + ".";
}

// One step of a path: "dims[1]" is field dims, index 1.
struct Step {
  std::string field;
  int index = -1;
};

std::vector<Step> SplitPath(const std::string& path) {
  std::vector<Step> steps;
  size_t begin = 0;
  while (begin < path.size()) {
    const size_t end = std::min(path.find('.', begin), path.size());
    Step step{path.substr(begin, end - begin), -1};
    const size_t bracket = step.field.find('[');
    if (bracket != std::string::npos) {
      const char* const first = step.field.data() + bracket + 1;
      std::from_chars(first, step.field.data() + step.field.size(), step.index);
      step.field.resize(bracket);
    }
    steps.push_back(std::move(step));
    begin = end + 1;
  }
  return steps;
}

// The line of the deepest part of the path that was written; 0 if none was.
int FindLine(const pb::TextFormat::ParseInfoTree& root, const std::string& path) {
  const pb::TextFormat::ParseInfoTree* tree = &root;
  const pb::Descriptor* type = inference::ModelConfig::descriptor();
  int line = 0;
  for (const Step& step : SplitPath(path)) {
    const pb::FieldDescriptor* field = type->FindFieldByName(step.field);
    if (field == nullptr) return line;
    const int index = field->is_repeated() ? std::max(step.index, 0) : -1;
    pb::TextFormat::ParseLocation at = tree->GetLocation(field, index);
    if (at.line < 0 && index > 0) at = tree->GetLocation(field, 0);  // a list has one location
    if (at.line >= 0) line = at.line + 1;
    if (field->message_type() == nullptr || field->is_map()) return line;
    tree = tree->GetTreeForNested(field, index);
    if (tree == nullptr) return line;
    type = field->message_type();
  }
  return line;
}

Result<ParsedConfig> Convert(const inference::ModelConfig& message, const LocateField& locate,
                             const ConfigPlace& place) {
  FLAMBEAU_ASSIGN_OR_RETURN(ModelConfig config, ConfigFromMessage(message, locate, place));
  return ParsedConfig{std::move(config), ConfigWarnings(message)};
}

}  // namespace

Result<ParsedConfig> ParseConfigPbtxt(std::string_view text, std::string_view source,
                                      const ConfigPlace& place) {
  inference::ModelConfig message;
  pb::TextFormat::Parser parser;
  pb::TextFormat::ParseInfoTree tree;
  FirstError errors;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(kMaxNesting);
  const std::string file(source);
  if (!parser.ParseFromString(std::string(text), &message)) {
    return InvalidArgument(file + AsSentence(errors.text()));
  }
  // Escapes make any byte; what cannot be sent to clients is not taken.
  if (inference::ModelConfig sent; !sent.ParseFromString(message.SerializeAsString())) {
    return InvalidArgument(file + ": a string is not UTF-8.");
  }
  const auto locate = [&](const std::string& path) {
    const int line = FindLine(tree, path);
    return line == 0 ? file : file + ", line " + std::to_string(line);
  };
  return Convert(message, locate, place);
}

Result<ParsedConfig> ParseConfigJson(std::string_view text, std::string_view source,
                                     const ConfigPlace& place) {
  inference::ModelConfig message;
  const pb::util::Status status = pb::util::JsonStringToMessage(
      pb::StringPiece(text.data(), text.size()), &message, pb::util::JsonParseOptions());
  const std::string file(source);
  if (!status.ok()) {
    return InvalidArgument(file + ": " + AsSentence(std::string(status.message())));
  }
  return Convert(
      message, [&](const std::string&) { return file; }, place);
}

Result<std::optional<ParsedConfig>> ReadConfig(const ConfigPlace& place) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto exists = [&](const char* file) {
    return fs::symlink_status(fs::path(place.directory) / file, error).type() !=
           fs::file_type::not_found;
  };
  const bool pbtxt = exists(kConfigPbtxt);
  const bool json = exists(kConfigJson);
  if (!pbtxt && !json) return std::optional<ParsedConfig>();
  if (pbtxt && json) {
    return InvalidArgument(
        "The model's directory holds both config.pbtxt and config.json; keep one.");
  }
  const char* const file = pbtxt ? kConfigPbtxt : kConfigJson;
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string text,
                            ReadInside(place.directory, file, kMaxConfigBytes));
  auto parsed = pbtxt ? ParseConfigPbtxt(text, file, place) : ParseConfigJson(text, file, place);
  if (!parsed.ok()) return parsed.status();
  return std::optional<ParsedConfig>(*std::move(parsed));
}

}  // namespace flambeau
