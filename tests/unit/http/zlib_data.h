// Real compressed data for tests, made and read by zlib's own simple calls.
#pragma once

#include <string>
#include <string_view>

#include "http/content_coding.h"

namespace flambeau {

std::string Compress(std::string_view plain, ContentCoding coding);
// Fails the test if it is not whole and correct.
std::string Decompress(std::string_view compressed, ContentCoding coding);
// Text of `size` bytes that compresses, but not to nothing.
std::string SampleText(size_t size);

}  // namespace flambeau
