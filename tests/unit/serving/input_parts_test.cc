#include "serving/input_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "serving/binding.h"

namespace flambeau {
namespace {

ArgumentFact Of(ValueKind kind, std::vector<ArgumentFact> elements = {}, std::string name = "") {
  ArgumentFact fact;
  fact.name = std::move(name);
  fact.kind = kind;
  fact.type = "T";
  fact.elements = std::move(elements);
  return fact;
}

const ArgumentFact kInt = Of(ValueKind::kInt);

// The argument `x`, bound to parts of these names, each the integer of its position.
Result<Value> Bind(const ArgumentFact& argument, const std::vector<std::string>& names) {
  MethodFacts method;
  method.arguments = {argument};
  std::vector<NamedValue> inputs;
  inputs.reserve(names.size());
  for (const std::string& name : names) {
    inputs.push_back({name, Value{static_cast<int64_t>(inputs.size())}});
  }
  FLAMBEAU_ASSIGN_OR_RETURN(std::vector<Value> values, BindArguments(method, std::move(inputs)));
  return std::move(values.at(0));
}

// "[1,0]", "(1,0)" or "{a:1}".
std::string Text(const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value.data)) return std::to_string(*number);
  std::string text;
  const auto add = [&text](const std::string& item) { text += (text.empty() ? "" : ",") + item; };
  if (const auto* list = std::get_if<ValueList>(&value.data)) {
    for (const Value& item : list->items) add(Text(item));
    return "[" + text + "]";
  }
  if (const auto* tuple = std::get_if<ValueTuple>(&value.data)) {
    for (const Value& item : tuple->items) add(Text(item));
    return "(" + text + ")";
  }
  if (const auto* dict = std::get_if<ValueDict>(&value.data)) {
    for (const ValueEntry& entry : dict->items) add(entry.key + ":" + Text(entry.value));
    return "{" + text + "}";
  }
  return "none";
}

std::string Bound(const ArgumentFact& argument, const std::vector<std::string>& names) {
  const Result<Value> value = Bind(argument, names);
  return value.ok() ? Text(*value) : std::string(Message(value.status()));
}

const ArgumentFact kPair = Of(ValueKind::kTuple, {kInt, kInt}, "x");
const ArgumentFact kNamed =
    Of(ValueKind::kTuple, {Of(ValueKind::kInt, {}, "id"), Of(ValueKind::kInt, {}, "ids")}, "x");
const ArgumentFact kList = Of(ValueKind::kList, {Of(ValueKind::kTuple, {kInt, kInt})}, "x");
const ArgumentFact kDict = Of(ValueKind::kDict, {kInt}, "x");

TEST(InputPartsTest, PartsInAnyOrderMakeTheWhole) {
  EXPECT_EQ(Bound(kPair, {"x[1]", "x[0]"}), "(1,0)");
  EXPECT_EQ(Bound(kNamed, {"x.ids", "x.id"}), "(1,0)");
  EXPECT_EQ(Bound(kList, {"x[1][0]", "x[0][1]", "x[1][1]", "x[0][0]"}), "[(3,1),(0,2)]");
  EXPECT_EQ(Bound(kDict, {"x.b", "x.a.c[0]"}), "{b:0,a.c[0]:1}");
  const ArgumentFact lists = Of(ValueKind::kDict, {kList}, "x");
  EXPECT_EQ(Bound(lists, {"x.a[0][0]", "x.a[0][1]", "x.b[0][0]", "x.b[0][1]"}),
            "{a:[(0,1)],b:[(2,3)]}");
}

TEST(InputPartsTest, AnOptionalPartMayBeLeftOut) {
  ArgumentFact maybe = kInt;
  maybe.optional = true;
  EXPECT_EQ(Bound(Of(ValueKind::kTuple, {maybe, kInt}, "x"), {"x[1]"}), "(none,0)");
}

TEST(InputPartsTest, WhatIsMissingDoubledOrUnknownIsNamed) {
  const std::string elements = ": send its elements as 'x[0]' and 'x[1]'.";
  EXPECT_EQ(Bound(kPair, {"x[0]"}), "Input 'x[1]' is missing" + elements);
  EXPECT_EQ(Bound(kPair, {"x[0]", "x[0]"}), "Input 'x[0]' is given twice; give it once.");
  EXPECT_EQ(Bound(kPair, {"x[0]", "x[1]", "x[2]"}),
            "There is no input 'x[2]'; 'x' is of type T" + elements);
  EXPECT_EQ(Bound(kPair, {"x[0].a", "x[1]"}), "There is no input 'x[0].a'; 'x[0]' is of type T.");
  EXPECT_EQ(Bound(kPair, {"x"}), "Input 'x' is of type T" + elements);
  EXPECT_EQ(Bound(kPair, {"x[0]", "x[1]", "x"}), "Input 'x' is of type T" + elements);
  EXPECT_EQ(Bound(kNamed, {"x.id", "x[1]"}),
            "There is no input 'x[1]'; 'x' is of type T: send its elements as 'x.id' and 'x.ids'.");
  EXPECT_EQ(Bound(kList, {"x[1][0]", "x[1][1]"}),
            "Input 'x[0]' is missing: send its elements as 'x[0]', 'x[1]' and so on.");
  for (const char* name : {"x[", "x[]", "x[a]", "x[-1]", "x[0", "x[18446744073709551616]", "x.a"}) {
    EXPECT_EQ(Bound(kList, {name}), "There is no input '" + std::string(name) +
                                        "'; 'x' is of type T: send its elements as 'x[0]', 'x[1]' "
                                        "and so on.");
  }
  EXPECT_EQ(Bound(kDict, {"x[0]"}),
            "There is no input 'x[0]'; 'x' is of type T: send its entries as 'x.KEY'.");
  EXPECT_EQ(Bound(Of(ValueKind::kInt, {}, "x"), {"x[0]"}),
            "There is no input 'x[0]'; the model's input is 'x'.");
}

TEST(InputPartsTest, NoElementsAreAnArrayOfNone) {
  MethodFacts method;
  method.arguments = {kList, kDict};
  method.arguments[1].name = "y";
  const Value nothing{*Tensor::AllocateBytes(DType::kFp32, {0}, 0)};
  const auto values = BindArguments(method, {{"x", nothing}, {"y", nothing}});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(Text((*values)[0]), "[]");
  EXPECT_EQ(Text((*values)[1]), "{}");
}

}  // namespace
}  // namespace flambeau
