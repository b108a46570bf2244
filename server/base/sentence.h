// How a sentence that a client gets is written: one style, whichever folder made it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flambeau {

// `text` with a capital at its start and a full stop at its end. What is quoted is left as it is,
// and so is a name at the start that is no plain word: "inputs[0].shape is ..." becomes "The field
// inputs[0].shape is ...".
// Errors: none.
std::string AsSentence(std::string_view text);

// "'text'", as values and names stand in a sentence.
std::string Quote(std::string_view text);

// The first `most` bytes of what a file or another program wrote; what is not printable ASCII
// becomes '?', and "..." follows if there was more.
std::string Printable(std::string_view text, size_t most);

}  // namespace flambeau
