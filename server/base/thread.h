// A named thread that joins when it is destroyed.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace flambeau {

// Threads: owned by one thread at a time. Lifetime: joins in the destructor; whatever `body` waits
// on must have been told to stop by then. Errors: none.
class Thread {
 public:
  Thread() = default;

  // `name` shows in top and gdb; the kernel keeps its first 15 bytes.
  Thread(const std::string& name, std::function<void()> body);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { Join(); }

  // Returns once the body has; a second call does nothing.
  void Join();

 private:
  std::thread thread_;
};

// The calling thread, and those that it starts from now on, get a small part of what the others get
// of a busy processor. There is no way back.
void GiveWay();

}  // namespace flambeau
