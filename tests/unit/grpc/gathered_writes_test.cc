#include "grpc/gathered_writes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "grpc/tcp_pair.h"

namespace flambeau {
namespace {

void Send(int fd, std::string text) {
  iovec piece{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  EXPECT_EQ(sendmsg(fd, &message, MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

std::string Receive(int fd, size_t size) {
  std::string text(size, '\0');
  EXPECT_EQ(recv(fd, text.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
  return text;
}

// The kernel keeps what waits for 200 ms: a machine that stops this test for so long proves
// nothing.
template <class Function>
void WithoutPause(Function try_it) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto begin = std::chrono::steady_clock::now();
    const bool as_expected = try_it();
    if (as_expected) return;
    if (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(150)) break;
  }
  ADD_FAILURE() << "not in the segments that were expected";
}

TEST(GatheredWritesTest, WhatIsWrittenInAScopeLeavesInOneSegment) {
  WithoutPause([] {
    TcpPair pair;
    const uint32_t before = SegmentsSent(pair.server);
    {
      const GatheredWrites gathered;
      for (const char* text : {"one ", "two ", "three"}) Send(pair.server, text);
    }
    EXPECT_EQ(Receive(pair.client, 13), "one two three");
    return SegmentsSent(pair.server) - before == 1;
  });
}

TEST(GatheredWritesTest, OutsideAScopeEachLeavesAtOnce) {
  TcpPair pair;
  { const GatheredWrites gathered; }
  const uint32_t before = SegmentsSent(pair.server);
  for (const char* text : {"one ", "two ", "three"}) Send(pair.server, text);
  EXPECT_EQ(Receive(pair.client, 13), "one two three");
  EXPECT_EQ(SegmentsSent(pair.server) - before, 3U);
}

TEST(GatheredWritesTest, EachConnectionGetsItsOwn) {
  WithoutPause([] {
    TcpPair first;
    TcpPair second;
    {
      const GatheredWrites gathered;
      for (int i = 0; i < 3; ++i) {
        Send(first.server, "a");
        Send(second.server, "b");
      }
    }
    EXPECT_EQ(Receive(first.client, 3), "aaa");
    EXPECT_EQ(Receive(second.client, 3), "bbb");
    return SegmentsSent(first.server) == 1 && SegmentsSent(second.server) == 1;
  });
}

TEST(GatheredWritesTest, OtherThreadsDoNotWait) {
  TcpPair pair;
  const GatheredWrites gathered;
  std::thread([&pair] { Send(pair.server, "now"); }).join();
  EXPECT_EQ(Receive(pair.client, 3), "now");
  EXPECT_EQ(SegmentsSent(pair.server), 1U);
}

TEST(GatheredWritesTest, AConnectionMayGoMeanwhile) {
  TcpPair pair;
  {
    const GatheredWrites gathered;
    Send(pair.server, "last");
    close(pair.server);
    pair.server = -1;
  }
  EXPECT_EQ(Receive(pair.client, 4), "last");
}

}  // namespace
}  // namespace flambeau
