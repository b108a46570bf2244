// Numbers for people.
#pragma once

#include <string>

namespace flambeau::client {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...);

// Three digits: "612 us", "1.25 ms", "2.50 s".
std::string FormatSeconds(double seconds);

}  // namespace flambeau::client
