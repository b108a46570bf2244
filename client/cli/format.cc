#include "cli/format.h"

#include <cstdarg>
#include <cstdio>

namespace flambeau::client {

std::string Format(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

std::string FormatSeconds(double seconds) {
  double value = seconds * 1e6;
  const char* unit = "us";
  if (value >= 1e6) {
    value /= 1e6;
    unit = "s";
  } else if (value >= 1e3) {
    value /= 1e3;
    unit = "ms";
  }
  const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return Format("%.*f %s", decimals, value, unit);
}

}  // namespace flambeau::client
