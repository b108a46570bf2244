#include "codec/json_cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flambeau {
namespace {

// Goes through an object of arrays of numbers and returns what it saw, or the refusal.
std::string Walk(std::string_view text) {
  JsonCursor cursor(text);
  std::string seen;
  const Status status = [&]() -> Status {
    FLAMBEAU_RETURN_IF_ERROR(cursor.EnterObject());
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
      if (!more) break;
      seen += cursor.key() + ":";
      FLAMBEAU_RETURN_IF_ERROR(cursor.EnterArray());
      while (true) {
        FLAMBEAU_ASSIGN_OR_RETURN(const bool element, cursor.NextElement());
        if (!element) break;
        FLAMBEAU_ASSIGN_OR_RETURN(const int64_t number, cursor.TakeInt64());
        seen += std::to_string(number) + "@" + std::to_string(cursor.index()) + " ";
      }
    }
    return cursor.Finish();
  }();
  return status.ok() ? seen : std::string(Message(status));
}

TEST(JsonCursor, VisitsEveryMember) {
  EXPECT_EQ(Walk(R"( { "a" : [ 1 , -2 ] , "b":[] ,"c":[3]} )"), "a:1@0 -2@1 b:c:3@0 ");
  EXPECT_EQ(Walk("{}"), "");
}

TEST(JsonCursor, ErrorsNameThePath) {
  EXPECT_EQ(Walk(R"({"a":[1,"x"]})"), "a[1] must be a whole number");
  EXPECT_EQ(Walk(R"({"a":[1.5]})"), "a[0] must be a whole number, without fraction or exponent");
  EXPECT_EQ(Walk(R"({"a":1})"), "a must be an array");
  EXPECT_EQ(Walk("[]"), "the body must be an object");
  EXPECT_EQ(Walk(R"({"a":[1],"a":[2]})"), "the key a occurs twice: send it once");
  EXPECT_EQ(Walk(R"({"a":[1],"\u0061":[2]})"), "the key a occurs twice: send it once");
  EXPECT_EQ(Walk(R"({"a":[99999999999999999999]})"),
            "a[0] must be a whole number that fits 64 bits");
  EXPECT_EQ(Walk(R"({"a":[]} x)"),
            "the body has text after its JSON value, at byte 9: send one JSON object");
}

TEST(JsonCursor, EveryTruncationIsRefused) {
  const std::string whole = R"({"a":[1,2],"b":[3]})";
  ASSERT_EQ(Walk(whole), "a:1@0 2@1 b:3@0 ");
  for (size_t length = 0; length < whole.size(); ++length) {
    // In memory of exactly its size, for AddressSanitizer.
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<int64_t>(length));
    EXPECT_TRUE(Walk({exact.data(), exact.size()}).starts_with("the body is not valid JSON"))
        << length;
  }
}

TEST(JsonCursor, BrokenStructureIsRefused) {
  for (const char* text : {R"({"a":[1],})", R"({"a":[1,]})", R"({,})", R"({"a"[1]})", R"({a:[1]})",
                           R"({"a":[1] "b":[2]})", R"({"a":[1 2]})", R"({"a":[1}})", R"({'a':[1]})",
                           R"({"a":[01]})", R"({"a":[+1]})"}) {
    EXPECT_TRUE(Walk(text).starts_with("the body is not valid JSON")) << text << Walk(text);
  }
}

TEST(JsonCursor, TooManyMembersAreRefused) {
  std::string array = "{\"a\":[1";
  for (int i = 0; i < 2000; ++i) array += ",1";
  EXPECT_EQ(Walk(array + "]}"), "a has more than 1024 entries");
  std::string object = "{";
  for (int i = 0; i < 2000; ++i) object += "\"" + std::to_string(i) + "\":[],";
  EXPECT_EQ(Walk(object + "}"), "the body has more than 1024 entries");
}

std::string Check(std::string_view text) {
  JsonCursor cursor(text);
  Status status = cursor.Skip();
  if (status.ok()) status = cursor.Finish();
  return status.ok() ? "valid" : std::string(Message(status));
}

TEST(JsonCursor, SkipChecksTheWholeValue) {
  for (const char* text : {"1", "-0.5e-3", "\"a\\n\"", "true", "null", "[]", "{}", "[[],{}]",
                           R"({"a":{"b":[1,{"c":null}]},"d":"e"})", "[1, 2 ,[ 3 ] ]"}) {
    EXPECT_EQ(Check(text), "valid") << text;
  }
  for (const char* text :
       {"", "tru", "nul", "01", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{1:2}",
        "[1}", "{\"a\":1]", "\"a", "\"\\q\"", "[1]]", "NaN", "[,]", "{,}"}) {
    EXPECT_NE(Check(text), "valid") << text;
  }
  EXPECT_EQ(Check("[\"\xff\"]"), "the body is not valid JSON: a string is not UTF-8");
  EXPECT_EQ(Check(R"(["\ud800"])"),
            "the body is not valid JSON: a string has half of a surrogate pair");
}

TEST(JsonCursor, DepthIsBounded) {
  const std::string too_deep = "the body is not valid JSON: it is nested too deeply";
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  for (const std::string& text : {std::string(100000, '['), objects}) {
    EXPECT_EQ(Check(text), too_deep);
    JsonCursor raw(text);
    EXPECT_EQ(Message(raw.TakeRaw().status()), too_deep);
  }
  EXPECT_EQ(Check(std::string(64, '[') + std::string(64, ']')), "valid");
}

std::string Raw(std::string_view text) {
  JsonCursor cursor(text);
  const auto raw = cursor.TakeRaw();
  return raw.ok() ? std::string(*raw) : std::string(Message(raw.status()));
}

TEST(JsonCursor, TakeRawFindsTheEnd) {
  EXPECT_EQ(Raw(R"( [1,[2],"]\"]"], 3)"), R"([1,[2],"]\"]"])");
  EXPECT_EQ(Raw(R"({"a":[1]}  )"), R"({"a":[1]})");
  EXPECT_EQ(Raw("12.5,"), "12.5");
  EXPECT_EQ(Raw("true}"), "true");
  EXPECT_EQ(Raw("\"a,]\\\\\" ]"), "\"a,]\\\\\"");
  const std::string row = "[1234567,1234567,1234567,1234567,1234567]";
  EXPECT_EQ(Raw("[" + row + "," + row + "],x"), "[" + row + "," + row + "]");
  for (const char* text : {"", "[", "[1", "\"a", "\"a\\", "[\"]", "]", ","}) {
    EXPECT_TRUE(Raw(text).starts_with("the body is not valid JSON")) << text;
  }
}

TEST(JsonCursor, TakesScalars) {
  EXPECT_EQ(*JsonCursor("\"a\\u00e9\"").TakeString(), "a\u00e9");
  EXPECT_EQ(*JsonCursor("true").TakeBool(), true);
  EXPECT_EQ(*JsonCursor("-2.5e1").TakeDouble(), -25.0);
  EXPECT_EQ(*JsonCursor("3").TakeDouble(), 3.0);
  EXPECT_EQ(*JsonCursor("-9223372036854775808").TakeInt64(), INT64_MIN);
  EXPECT_FALSE(JsonCursor("1e400").TakeDouble().ok());
  EXPECT_FALSE(JsonCursor("trux").TakeBool().ok());
  EXPECT_EQ(Message(JsonCursor("\"\"").TakeName().status()), "the body must not be empty");
  EXPECT_EQ(Message(JsonCursor("\"a\\u0000\"").TakeName().status()),
            "the body must not contain a NUL character");
}

}  // namespace
}  // namespace flambeau
