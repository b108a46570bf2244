#include <pthread.h>

#include "flambeau/event_loop_internal.h"

namespace flambeau::client {

EventLoop::EventLoop() : thread_([this] { Run(); }) {}

EventLoop::~EventLoop() {
  queue_.Shutdown();
  thread_.join();
}

void EventLoop::Run() {
  pthread_setname_np(pthread_self(), "flambeau-client");
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) static_cast<Event*>(tag)->Proceed(ok);
}

}  // namespace flambeau::client
