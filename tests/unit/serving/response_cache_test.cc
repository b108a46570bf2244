#include "serving/response_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "doubles/echo_repository.h"
#include "serving/value_content.h"

namespace flambeau {
namespace {

Value Floats(const std::vector<float>& numbers) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {static_cast<int64_t>(numbers.size())});
  std::memcpy(tensor.mutable_data(), numbers.data(), tensor.bytes());
  return Value{tensor};
}

float First(const Value& value) { return value.tensor()->As<float>()[0]; }

class ResponseCacheTest : public ::testing::Test {
 protected:
  ResponseCache::Key Key(float number, size_t method = 0) {
    return cache_.KeyOf(servable_, method, {Floats({number})});
  }

  static constexpr size_t kMaxBytes = 8000;
  ResponseCache cache_{kMaxBytes};
  std::shared_ptr<const Servable> servable_ =
      std::make_shared<EchoServable>("m", std::vector<std::string>{"x"});
};

TEST_F(ResponseCacheTest, GivesBackWhatWasStored) {
  EXPECT_FALSE(cache_.Find(Key(1)));
  cache_.Store(Key(1), Floats({10}));
  const auto found = cache_.Find(Key(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(First(*found), 10);
  EXPECT_FALSE(cache_.Find(Key(2)));
  EXPECT_FALSE(cache_.Find(Key(1, 1))) << "another method";
  EXPECT_EQ(cache_.entries(), 1u);
}

TEST_F(ResponseCacheTest, PinsNeitherABatchNorABody) {
  auto rows = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  const std::weak_ptr<std::vector<float>> batch = rows;
  {
    const Value row{Tensor(DType::kFp32, {1}, rows,
                           reinterpret_cast<const std::byte*>(rows->data() + 2), sizeof(float))};
    rows.reset();
    cache_.Store(cache_.KeyOf(servable_, 0, {row}), Value{ValueList{{row}}});
    EXPECT_FALSE(batch.expired());
  }
  EXPECT_TRUE(batch.expired());
  const auto found = cache_.Find(Key(3));
  ASSERT_TRUE(found);
  EXPECT_EQ(First(std::get<ValueList>(found->data).items[0]), 3);
}

TEST_F(ResponseCacheTest, EqualHashesOfDifferentInputsAreToldApart) {
  cache_.Store(Key(1), Floats({10}));
  ResponseCache::Key other = Key(2);
  other.digest = Key(1).digest;
  EXPECT_FALSE(cache_.Find(other));
  cache_.Store(other, Floats({20}));
  EXPECT_EQ(First(*cache_.Find(other)), 20);
  EXPECT_FALSE(cache_.Find(Key(1))) << "its place is taken";
  EXPECT_EQ(cache_.entries(), 1u);
}

TEST_F(ResponseCacheTest, AVersionLoadedAnewHasNoAnswers) {
  cache_.Store(Key(1), Floats({10}));
  ResponseCache::Key old = Key(1);
  servable_ = std::make_shared<EchoServable>("m", std::vector<std::string>{"x"});
  EXPECT_FALSE(cache_.Find(Key(1)));
  ResponseCache::Key forged = Key(1);
  forged.digest = old.digest;  // as if it had the old one's address
  EXPECT_FALSE(cache_.Find(forged));
  EXPECT_TRUE(old.servable.expired()) << "the cache keeps no version alive";
}

TEST_F(ResponseCacheTest, TheLeastRecentlyUsedLeaves) {
  const size_t one = [this] {
    cache_.Store(Key(0), Floats({0}));
    return cache_.bytes();
  }();
  const size_t fit = kMaxBytes / one;
  for (size_t i = 1; i < fit; ++i) cache_.Store(Key(static_cast<float>(i)), Floats({1}));
  EXPECT_EQ(cache_.entries(), fit);
  EXPECT_TRUE(cache_.Find(Key(0)));  // used now
  cache_.Store(Key(1000), Floats({1}));
  EXPECT_TRUE(cache_.Find(Key(0)));
  EXPECT_FALSE(cache_.Find(Key(1)));
  EXPECT_TRUE(cache_.Find(Key(1000)));
  EXPECT_LE(cache_.bytes(), kMaxBytes);
}

TEST_F(ResponseCacheTest, AnAnswerLargerThanTheCacheIsNotStored) {
  cache_.Store(Key(1), Floats({10}));
  cache_.Store(Key(2), Floats(std::vector<float>(kMaxBytes / sizeof(float))));
  EXPECT_FALSE(cache_.Find(Key(2)));
  EXPECT_TRUE(cache_.Find(Key(1)));
}

TEST_F(ResponseCacheTest, AnAnswerOutlivesItsEviction) {
  cache_.Store(Key(1), Floats({10}));
  const auto found = cache_.Find(Key(1));
  for (int i = 2; i < 200; ++i) cache_.Store(Key(static_cast<float>(i)), Floats({1}));
  EXPECT_FALSE(cache_.Find(Key(1)));
  EXPECT_EQ(First(*found), 10);
}

TEST_F(ResponseCacheTest, ManyThreadsGetTheirOwnAnswers) {
  std::atomic<int> wrong{0};
  std::atomic<int> hits{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto number = static_cast<float>((i * 7 + t) % 40);
        const ResponseCache::Key key = Key(number);
        if (const auto found = cache_.Find(key)) {
          ++hits;
          if (First(*found) != 10 * number) ++wrong;
        } else {
          cache_.Store(key, Floats({10 * number}));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(hits, 0);
  EXPECT_LE(cache_.bytes(), kMaxBytes);
}

Digest HashOf(const Value& value) {
  SipHash hash({1, 2});
  HashValue(value, &hash);
  return hash.Finish();
}

TEST(ValueContent, WhateverDiffersIsNotTheSame) {
  const Tensor tensor = *Floats({1, 2}).tensor();
  const std::vector<Value> values = {
      Value{None{}},
      Value{true},
      Value{false},
      Value{int64_t{1}},
      Value{int64_t{0}},
      Value{0.0},
      Value{-0.0},
      Value{1.0},
      Value{std::string("")},
      Value{std::string("1")},
      Value{tensor},
      Value{tensor.Reshaped({1, 2})},
      Value{tensor.Reshaped({2, 1})},
      Floats({1, 3}),
      Value{Tensor(DType::kInt32, {2}, tensor.owner(), tensor.data(), tensor.bytes())},
      Value{BytesScalar("a")},
      Value{ValueList{}},
      Value{ValueTuple{}},
      Value{ValueList{{Value{true}}}},
      Value{ValueList{{Value{true}, Value{true}}}},
      Value{ValueList{{Value{ValueList{{Value{true}}}}}}},
      Value{ValueTuple{{Value{true}}, {}}},
      Value{ValueTuple{{Value{true}}, {"a"}}},
      Value{ValueDict{{{"a", Value{true}}}}},
      Value{ValueDict{{{"b", Value{true}}}}},
      Value{ValueDict{{{"a", Value{false}}}}},
  };
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < values.size(); ++j) {
      EXPECT_EQ(SameValue(values[i], values[j]), i == j) << i << ", " << j;
      EXPECT_EQ(HashOf(values[i]) == HashOf(values[j]), i == j) << i << ", " << j;
    }
    const Result<Value> copy = CopyValue(values[i]);
    ASSERT_TRUE(copy.ok());
    EXPECT_TRUE(SameValue(*copy, values[i])) << i;
    EXPECT_EQ(HashOf(*copy), HashOf(values[i])) << i;
  }
}

TEST(ValueContent, NaNIsItself) {
  EXPECT_TRUE(SameValue(Value{std::nan("")}, Value{std::nan("")}));
}

TEST(ValueContent, SizesCountWhatIsCopied) {
  EXPECT_GE(ValueBytes(Floats(std::vector<float>(1000))), 4000u);
  EXPECT_GE(ValueBytes(Value{ValueList{{Floats({1}), Floats({1})}}}), 3 * sizeof(Value) + 8);
  EXPECT_GE(ValueBytes(Value{std::string(500, 'a')}), 500u);
}

}  // namespace
}  // namespace flambeau
