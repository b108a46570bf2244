// What the command's exit status means; --help and docs/clients.md show it.
#pragma once

namespace flambeau::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitServer = 1;       // the server answered with an error
inline constexpr int kExitUsage = 2;        // a flag or the input is wrong
inline constexpr int kExitUnreachable = 3;  // no server answers
inline constexpr int kExitNotReady = 4;     // status: the server is not ready

}  // namespace flambeau::client
