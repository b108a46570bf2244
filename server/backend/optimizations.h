// What a backend may change in a model to make it faster.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flambeau {

enum class Optimization : uint8_t { kFreeze, kOptimizeForInference, kChannelsLast };

inline constexpr std::array<Optimization, 3> kOptimizations = {
    Optimization::kFreeze, Optimization::kOptimizeForInference, Optimization::kChannelsLast};

std::string_view Name(Optimization optimization);  // "freeze", "optimize-for-inference", ...

// A set of them. Threads: a value. Errors: none.
class Optimizations {
 public:
  static constexpr Optimizations All() {
    Optimizations all;
    for (const Optimization one : kOptimizations) all.Add(one);
    return all;
  }

  constexpr bool Has(Optimization one) const { return (bits_ & Bit(one)) != 0; }
  constexpr void Add(Optimization one) { bits_ = static_cast<uint8_t>(bits_ | Bit(one)); }
  constexpr void Remove(Optimization one) { bits_ = static_cast<uint8_t>(bits_ & ~Bit(one)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Optimizations&) const = default;

 private:
  static constexpr unsigned Bit(Optimization one) { return 1U << static_cast<unsigned>(one); }

  uint8_t bits_ = 0;
};

// "freeze,channels-last"; "none" if it is empty. Errors: none.
std::string ToString(Optimizations optimizations);
// The same back, and "all"; nothing for other words.
std::optional<Optimizations> ParseOptimizations(std::string_view text);

}  // namespace flambeau
