// When memory that requests have freed goes back to the system.
#pragma once

#include <cstddef>

namespace flambeau {

// The C library keeps what is freed, for the next request: half a GiB after tensors of 16 MiB. Once
// requests have stopped, others on the machine may want it.
// Threads: one. Lifetime: a value. Errors: none.
class IdleMemory {
 public:
  // Looked at regularly: true if nothing is in flight, as the last time, and much more memory is
  // resident than was at some look before, or after it was given back.
  bool WorthGivingBack(size_t in_flight, size_t resident_bytes);
  // It was, and so much is left.
  void GaveBack(size_t resident_bytes) { least_ = resident_bytes; }

 private:
  bool was_idle_ = false;
  size_t least_ = 0;
};

// Of this process, in bytes; 0 if the system does not tell.
size_t ResidentMemory();
// Gives what is free back to the system; it takes some milliseconds.
void GiveBackMemory();

}  // namespace flambeau
