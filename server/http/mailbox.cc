#include "http/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace flambeau {

Result<std::shared_ptr<Mailbox>> Mailbox::Create() {
  UniqueFd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.valid()) return Unavailable("The process has no file descriptors left.");
  return std::shared_ptr<Mailbox>(new Mailbox(std::move(fd)));
}

bool Mailbox::Post(LoopMessage message) {
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return false;
    messages_.push_back(std::move(message));
    wake = std::exchange(sleeping_, false);
  }
  if (wake) WakeScope::Wake(shared_from_this());
  return true;
}

void Mailbox::Wake() {
  const uint64_t one = 1;
  // It can only fail when the counter is full, and then the loop is awake.
  [[maybe_unused]] const ssize_t written = write(wake_fd_.get(), &one, sizeof(one));
}

std::vector<LoopMessage> Mailbox::Close() {
  std::vector<LoopMessage> waiting;
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  waiting.swap(messages_);
  return waiting;
}

bool Mailbox::PrepareSleep() {
  const std::lock_guard<std::mutex> lock(mutex_);
  sleeping_ = messages_.empty();
  return sleeping_;
}

void Mailbox::TakeAll(std::vector<LoopMessage>* messages) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sleeping_ = false;
  messages_.swap(*messages);
}

}  // namespace flambeau
