#include "serving/shared_memory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

namespace flambeau {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A shared memory object of this process' own.
class ClientObject {
 public:
  explicit ClientObject(size_t size, const std::string& suffix = "") {
    key_ = "/shared-memory-test-" + std::to_string(getpid()) + suffix;
    fd_ = shm_open(key_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    EXPECT_GE(fd_, 0);
    Resize(size);
  }
  ~ClientObject() {
    close(fd_);
    shm_unlink(key_.c_str());
  }
  ClientObject(const ClientObject&) = delete;
  ClientObject& operator=(const ClientObject&) = delete;

  const std::string& key() const { return key_; }
  void Resize(size_t size) const { EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(size)), 0); }
  void Put(size_t position, const std::vector<float>& elements) const {
    const auto bytes = static_cast<ssize_t>(elements.size() * sizeof(float));
    EXPECT_EQ(
        pwrite(fd_, elements.data(), static_cast<size_t>(bytes), static_cast<off_t>(position)),
        bytes);
  }
  std::vector<float> Get(size_t position, size_t count) const {
    std::vector<float> elements(count);
    EXPECT_EQ(pread(fd_, elements.data(), count * sizeof(float), static_cast<off_t>(position)),
              static_cast<ssize_t>(count * sizeof(float)));
    return elements;
  }

 private:
  std::string key_;
  int fd_;
};

SharedMemory::Options Enabled() {
  SharedMemory::Options options;
  options.enabled = true;
  return options;
}

class SharedMemoryTest : public ::testing::Test {
 protected:
  void Refused(const Status& status, const std::string& says,
               StatusCode code = StatusCode::kInvalidArgument) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(Message(status)), HasSubstr(says));
  }
  Result<Tensor> Read(const SharedMemoryPlace& place, const Shape& shape,
                      DType dtype = DType::kFp32) {
    return SharedMemoryReader(&memory_).Read(place, dtype, shape, "input 'x'");
  }

  ClientObject object_{4096};
  SharedMemory memory_{Enabled()};
};

std::vector<float> Elements(const Tensor& tensor) {
  return {tensor.As<float>().begin(), tensor.As<float>().end()};
}

Tensor Floats(const std::vector<float>& elements) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {static_cast<int64_t>(elements.size())});
  std::memcpy(tensor.mutable_data(), elements.data(), tensor.bytes());
  return tensor;
}

TEST_F(SharedMemoryTest, ReadsAndWrites) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 64, 1024}).ok());
  object_.Put(64 + 8, {1, 2, 3});
  const auto tensor = Read({"r", 8, 12}, {3});
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(Elements(*tensor), ElementsAre(1, 2, 3));
  object_.Put(64 + 8, {9});  // what was read is a copy
  EXPECT_THAT(Elements(*tensor), ElementsAre(1, 2, 3));
  const auto target = memory_.Target({"r", 100, 8});
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_TRUE(target->Write(Floats({5, 6}), "y").ok());
  EXPECT_THAT(object_.Get(64 + 100, 2), ElementsAre(5, 6));
  Refused(target->Write(Floats({5, 6, 7}), "y"), "Output 'y' has 12 bytes");
}

TEST_F(SharedMemoryTest, ListsWhatIsRegistered) {
  ASSERT_TRUE(memory_.Register({"b", object_.key(), 8, 16}).ok());
  ASSERT_TRUE(memory_.Register({"a", object_.key(), 0, 8}).ok());
  const auto regions = memory_.Regions("");
  ASSERT_EQ(regions->size(), 2U);
  EXPECT_EQ((*regions)[0].name, "a");
  EXPECT_EQ((*regions)[1].key, object_.key());
  EXPECT_EQ((*regions)[1].offset, 8U);
  EXPECT_EQ((*regions)[1].byte_size, 16U);
  EXPECT_EQ(memory_.Regions("b")->size(), 1U);
  Refused(memory_.Regions("c").status(), "'c'", StatusCode::kNotFound);
  EXPECT_TRUE(memory_.Unregister("b").ok());
  EXPECT_EQ(memory_.Regions("")->size(), 1U);
  EXPECT_TRUE(memory_.Unregister("b").ok());
  EXPECT_TRUE(memory_.Unregister("").ok());
  EXPECT_EQ(memory_.Regions("")->size(), 0U);
}

TEST_F(SharedMemoryTest, IsOffUnlessAllowed) {
  SharedMemory off({});
  const auto code = StatusCode::kUnimplemented;
  Refused(off.Register({"r", object_.key(), 0, 8}), "--allow-shared-memory", code);
  Refused(off.Unregister(""), "--allow-shared-memory", code);
  Refused(off.Target({"r", 0, 8}).status(), "--allow-shared-memory", code);
  Refused(SharedMemoryReader(&off).Read({"r", 0, 8}, DType::kFp32, {2}, "x").status(),
          "--allow-shared-memory", code);
  EXPECT_EQ(off.Regions("")->size(), 0U);
}

TEST_F(SharedMemoryTest, RefusesBadKeys) {
  const std::string long_key = "/" + std::string(255, 'a');
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("/.."), std::string("/."), std::string("/a/b"),
        std::string("/../etc/passwd"), std::string("a/b"), std::string("//a"), std::string("/a b"),
        std::string("/a\0b", 4), std::string("/\x01"), std::string("/\xc3\xa9"), long_key}) {
    Refused(memory_.Register({"r", key, 0, 8}), "must be an object's name");
  }
  for (const std::string key :
       {"/triton_python_backend_shm_region_1", "/sem.x", "/torch_1_2", "/flambeau-1"}) {
    Refused(memory_.Register({"r", key, 0, 8}), "is reserved");
  }
  Refused(memory_.Register({"r", "/shared-memory-test-that-is-not-there", 0, 8}),
          "no shared memory object", StatusCode::kNotFound);
}

TEST_F(SharedMemoryTest, RefusesBadNamesAndSizes) {
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string("a\nb"), std::string("a\0", 2),
        std::string("\xff"), std::string(256, 'a')}) {
    Refused(memory_.Register({name, object_.key(), 0, 8}), "1 to 255 printable characters");
  }
  const uint64_t most = UINT64_MAX;
  for (const auto& [offset, bytes] : std::vector<std::pair<uint64_t, uint64_t>>{
           {0, 4097}, {4096, 1}, {4090, 8}, {most, 8}, {most - 7, 8}, {8, most}, {8, most - 7}}) {
    Refused(memory_.Register({"r", object_.key(), offset, bytes}), "are not inside");
  }
  Refused(memory_.Register({"r", object_.key(), 0, 0}), "byte_size");
  EXPECT_EQ(memory_.Regions("")->size(), 0U);
}

TEST_F(SharedMemoryTest, ANameIsTakenOnce) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 0, 8}).ok());
  Refused(memory_.Register({"r", object_.key(), 8, 8}), "'r'", StatusCode::kAlreadyExists);
  EXPECT_EQ(memory_.Regions("r")->at(0).offset, 0U);
}

TEST_F(SharedMemoryTest, RegionsAreBounded) {
  SharedMemory::Options options = Enabled();
  options.max_regions = 2;
  SharedMemory memory(options);
  ASSERT_TRUE(memory.Register({"a", object_.key(), 0, 8}).ok());
  ASSERT_TRUE(memory.Register({"b", object_.key(), 0, 8}).ok());
  Refused(memory.Register({"c", object_.key(), 0, 8}), "unregister one",
          StatusCode::kResourceExhausted);
  ASSERT_TRUE(memory.Unregister("a").ok());
  EXPECT_TRUE(memory.Register({"c", object_.key(), 0, 8}).ok());
}

TEST_F(SharedMemoryTest, RefusesPlacesOutsideTheRegion) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 64, 16}).ok());
  const uint64_t most = UINT64_MAX;
  for (const SharedMemoryPlace& place :
       {SharedMemoryPlace{"r", 0, 20}, SharedMemoryPlace{"r", 16, 4},
        SharedMemoryPlace{"r", most, 4}, SharedMemoryPlace{"r", most - 3, 4},
        SharedMemoryPlace{"r", 4, most}}) {
    Refused(Read(place, {1}).status(), "are not inside");
    Refused(memory_.Target(place).status(), "are not inside");
  }
  Refused(Read({"nothing", 0, 4}, {1}).status(), "'nothing'", StatusCode::kNotFound);
  Refused(Read({"r", 0, 8}, {1}).status(), "input 'x' has 8 bytes in shared memory");
  Refused(Read({"r", 0, 8}, {1 << 30, 1 << 30}).status(), "input 'x'");
}

TEST_F(SharedMemoryTest, ElementsAreChecked) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 0, 16}).ok());
  object_.Put(0, {1});
  Refused(Read({"r", 0, 4}, {4}, DType::kBool).status(), "BOOL");
  Refused(Read({"r", 0, 4}, {1}, DType::kBytes).status(), "BYTES");
  EXPECT_TRUE(Read({"r", 4, 4}, {1}, DType::kBytes).ok());  // an empty string
}

TEST_F(SharedMemoryTest, AnObjectThatShrinksIsNoFault) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 0, 4096}).ok());
  const auto target = memory_.Target({"r", 2048, 8});
  ASSERT_TRUE(target.ok());
  object_.Resize(100);
  Refused(Read({"r", 2048, 4}, {1}).status(), "has become smaller");
  Refused(target->Write(Floats({1}), "y"), "has become smaller");
  object_.Resize(0);
  Refused(Read({"r", 0, 4}, {1}).status(), "has become smaller");
}

TEST_F(SharedMemoryTest, ATargetOutlivesItsRegion) {
  ASSERT_TRUE(memory_.Register({"r", object_.key(), 0, 64}).ok());
  const auto target = memory_.Target({"r", 4, 8});
  ASSERT_TRUE(memory_.Unregister("r").ok());
  ASSERT_TRUE(target->Write(Floats({1, 2}), "y").ok());
  EXPECT_THAT(object_.Get(4, 2), ElementsAre(1, 2));
}

TEST_F(SharedMemoryTest, CopiesAreBounded) {
  SharedMemory::Options options = Enabled();
  options.max_request_bytes = 16;
  options.max_copied_bytes = 24;
  SharedMemory memory(options);
  ASSERT_TRUE(memory.Register({"r", object_.key(), 0, 1024}).ok());
  SharedMemoryReader first(&memory);
  auto kept = first.Read({"r", 0, 12}, DType::kFp32, {3}, "x");
  ASSERT_TRUE(kept.ok());
  Refused(first.Read({"r", 0, 8}, DType::kFp32, {2}, "x").status(), "more than 16 bytes");
  SharedMemoryReader second(&memory);
  EXPECT_EQ(second.Read({"r", 0, 16}, DType::kFp32, {4}, "x").status().code(),
            StatusCode::kResourceExhausted);
  kept = Tensor();
  SharedMemoryReader third(&memory);
  EXPECT_TRUE(third.Read({"r", 0, 16}, DType::kFp32, {4}, "x").ok());
}

}  // namespace
}  // namespace flambeau
