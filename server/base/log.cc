#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

namespace flambeau {
namespace {

// Bytes of the UTF-8 sequence that begins with a byte above 0x7f; 0 if there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond Unicode.
  const bool wrong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                     (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
  return wrong ? 0 : length;
}

void AppendEscaped(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) > 0x7f) {
      const size_t length = SequenceLength(text.substr(i));
      *out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(i, length);
      if (length > 1) i += length - 1;
      continue;
    }
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          *out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          *out += c;
        }
    }
  }
}

// key=value stays bare where nothing in it could be mistaken for the next field.
bool NeedsQuotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\\\n\r\t") != std::string_view::npos;
}

struct FieldWriter {
  bool json;
  std::string* out;

  void operator()(std::string_view text) const {
    const bool quote = json || NeedsQuotes(text);
    if (quote) *out += '"';
    AppendEscaped(text, out);
    if (quote) *out += '"';
  }
  void operator()(int64_t number) const { *out += std::to_string(number); }
  void operator()(double number) const { *out += fmt::format("{:.6g}", number); }
  void operator()(bool flag) const { *out += flag ? "true" : "false"; }
};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

class SpdlogLog final : public Log {
 public:
  SpdlogLog(LogLevel level, LogFormat format)
      : json_(format == LogFormat::kJson),
        logger_("flambeau", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()) {
    logger_.set_level(ToSpdlog(level));
    logger_.flush_on(spdlog::level::debug);
    logger_.set_pattern(json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                        spdlog::pattern_time_type::utc);
  }

  bool Enabled(LogLevel level) const override { return logger_.should_log(ToSpdlog(level)); }

  void Write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    if (!Enabled(level)) return;
    std::string line;
    if (json_) line += "\"event\":\"";
    AppendEscaped(event, &line);
    if (json_) line += '"';
    for (const LogField& field : fields) {
      line += json_ ? ",\"" : " ";
      line += field.key;
      line += json_ ? "\":" : "=";
      std::visit(FieldWriter{json_, &line}, field.value);
    }
    logger_.log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  const bool json_;
  spdlog::logger logger_;
};

class SilentLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return false; }
  void Write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace

std::unique_ptr<Log> Log::Create(LogLevel level, LogFormat format) {
  return std::make_unique<SpdlogLog>(level, format);
}

std::unique_ptr<Log> Log::Silent() { return std::make_unique<SilentLog>(); }

}  // namespace flambeau
