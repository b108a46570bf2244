// What the command's exit status means; --help shows it.
#pragma once

namespace flambeau::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitServer = 1;       // the server answered with an error
inline constexpr int kExitUsage = 2;        // a flag or the input is wrong
inline constexpr int kExitUnreachable = 3;  // no server answers

}  // namespace flambeau::client
