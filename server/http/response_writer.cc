#include "http/response_writer.h"

#include <algorithm>

namespace flambeau {
namespace {

bool IsClean(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

void AppendClean(std::string_view text, std::string* out) {
  if (std::all_of(text.begin(), text.end(), IsClean)) {
    out->append(text);  // all of them, usually
  } else {
    std::copy_if(text.begin(), text.end(), std::back_inserter(*out), IsClean);
  }
}

void AppendHeader(std::string_view name, std::string_view value, std::string* out) {
  AppendClean(name, out);
  out->append(": ");
  AppendClean(value, out);
  out->append("\r\n");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::string SerializeHead(const HttpResponse& response, const ResponseFraming& framing) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(ReasonPhrase(response.status)).append("\r\n");
  AppendHeader("Content-Type", response.content_type, &out);
  AppendHeader("Content-Length", std::to_string(response.body.size()), &out);
  if (!framing.date.empty()) AppendHeader("Date", framing.date, &out);
  if (!framing.request_id.empty()) AppendHeader("X-Request-Id", framing.request_id, &out);
  for (const auto& [name, value] : response.headers) AppendHeader(name, value, &out);
  if (!framing.keep_alive) {
    AppendHeader("Connection", "close", &out);
  } else if (framing.http_1_0) {
    AppendHeader("Connection", "keep-alive", &out);
  }
  out.append("\r\n");
  return out;
}

}  // namespace flambeau
