#include "flambeau/shared_memory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "client/fake_server.h"

namespace flambeau::client {
namespace {

using testing::Key;
using testing::UnorderedElementsAre;

// What another process sees under `key`; empty if there is nothing.
std::string ReadObject(const std::string& key, size_t size) {
  const int fd = ::shm_open(key.c_str(), O_RDONLY, 0);
  if (fd < 0) return {};
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(fd, bytes.data(), size, 0);
  ::close(fd);
  return bytes.substr(0, static_cast<size_t>(std::max<ssize_t>(count, 0)));
}

TEST(SharedMemoryTest, IsRegisteredWhileItLives) {
  FakeServer server;
  const auto client = server.Connect();
  auto first = SharedMemory::Create(client.get(), "first", 4);
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = SharedMemory::Create(client.get(), "second", 4);
  ASSERT_TRUE(second.ok()) << second.status();
  std::memcpy((*first)->bytes().data(), "abcd", 4);
  const auto regions = server.regions();
  EXPECT_THAT(regions, UnorderedElementsAre(Key("first"), Key("second")));
  EXPECT_EQ(ReadObject(regions.at("first"), 8), "abcd");
  EXPECT_EQ((*first)->Slice(1, 2).region, "first");
  EXPECT_EQ((*first)->Slice(1, 2).offset, 1U);
  EXPECT_EQ((*first)->Slice(1, 2).byte_size, 2U);

  first->reset();
  EXPECT_THAT(server.regions(), UnorderedElementsAre(Key("second")));
  EXPECT_EQ(ReadObject(regions.at("first"), 8), "");
}

TEST(SharedMemoryTest, LeavesNothingBehindWhenItIsRefused) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNIMPLEMENTED);
  const auto refused = SharedMemory::Create(client.get(), "region", 4);
  EXPECT_EQ(refused.status(), absl::UnimplementedError("as the test wants"));
  EXPECT_TRUE(server.regions().empty());
  EXPECT_EQ(SharedMemory::Create(client.get(), "region", 0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SharedMemoryTest, AnswersTellWhereAnOutputIs) {
  FakeServer server;
  InferRequest request;
  request.model = "echo";
  request.inputs = {{"x", "FP32", {2}, "", SharedMemorySlice{"region", 16, 8}}};
  const auto answer = server.Connect()->Infer(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const Tensor& output = answer->outputs.at(0);
  ASSERT_TRUE(output.shared_memory);
  EXPECT_EQ(output.shared_memory->region, "region");
  EXPECT_EQ(output.shared_memory->offset, 16U);
  EXPECT_EQ(output.shared_memory->byte_size, 8U);
  EXPECT_EQ(output.bytes, "");
}

}  // namespace
}  // namespace flambeau::client
