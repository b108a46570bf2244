#include "base/sentence.h"

#include <algorithm>

namespace flambeau {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// The first word up to a blank, without the comma or colon behind it.
std::string_view FirstWord(std::string_view text) {
  std::string_view word = text.substr(0, text.find(' '));
  while (!word.empty() && (word.back() == ',' || word.back() == ':' || word.back() == ';')) {
    word.remove_suffix(1);
  }
  return word;
}

bool IsPlainWord(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return IsLower(c) || c == '-' || c == '\''; });
}

}  // namespace

std::string AsSentence(std::string_view text) {
  std::string sentence;
  sentence.reserve(text.size() + 12);
  const bool starts_low = !text.empty() && IsLower(text.front());
  if (starts_low && !IsPlainWord(FirstWord(text))) sentence = "The field ";
  sentence += text;
  if (starts_low && IsLower(sentence.front())) sentence.front() -= 'a' - 'A';
  if (!sentence.empty() &&
      std::string_view(".!?").find(sentence.back()) == std::string_view::npos) {
    sentence += '.';
  }
  return sentence;
}

std::string Quote(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string Printable(std::string_view text, size_t most) {
  std::string printable(text.substr(0, most));
  const auto is_foreign = [](char c) { return c < ' ' || c > '~'; };
  std::replace_if(printable.begin(), printable.end(), is_foreign, '?');
  return text.size() > most ? printable + "..." : printable;
}

}  // namespace flambeau
