// Several answers to one client, in one segment.
#pragma once

#include <vector>

namespace flambeau {

// While one exists, what its thread writes to a connection waits for what else it writes there, and
// goes on its way in one piece at the end. The library writes each answer by itself, and offers no
// way to hold one back; most of what a write costs the kernel, and the client, is the segment
// (docs/adr/0014-answers-to-one-connection-leave-together.md).
//
// It does so in the C library's sendmsg, which this program defines for the libraries that it is
// linked with: outside such a scope it is the one of the C library.
// Threads: its own; scopes do not nest. Lifetime: a block; briefly, as clients wait for its end.
// Errors: none; a connection may have gone meanwhile.
class GatheredWrites {
 public:
  GatheredWrites();
  GatheredWrites(const GatheredWrites&) = delete;
  GatheredWrites& operator=(const GatheredWrites&) = delete;
  ~GatheredWrites();

  // The calling thread's scope, if it has one.
  static GatheredWrites* Current();
  // Notes that something was written to `fd`.
  void Add(int fd);

 private:
  std::vector<int> fds_;
};

}  // namespace flambeau
