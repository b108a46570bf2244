#include "serving/input_parts.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/sentence.h"

namespace flambeau {
namespace {

// A part, and what of its name is still to be followed: "[1].ids".
struct Part {
  std::string_view rest;
  NamedValue* input;
};
using Parts = std::vector<Part>;

Status NoSuchPart(const ArgumentFact& argument, const Part& part) {
  return InvalidArgument("There is no input " + Quote(part.input->name) + "; " +
                         Quote(argument.name) + " is of type " + argument.type +
                         (IsNested(argument) ? ": send " + PartNames(argument) : "") + ".");
}

Status Missing(const std::string& name, const ArgumentFact& whole) {
  return InvalidArgument("Input " + Quote(name) + " is missing: send " + PartNames(whole) + ".");
}

// The i of "[i]" in front of `rest`, which is shortened by it.
std::optional<size_t> TakeIndex(std::string_view* rest) {
  if (!rest->starts_with('[')) return std::nullopt;
  const char* const end = rest->data() + rest->size();
  size_t index = 0;
  const auto [stop, error] = std::from_chars(rest->data() + 1, end, index);
  if (error != std::errc() || stop == end || *stop != ']') return std::nullopt;
  rest->remove_prefix(static_cast<size_t>(stop - rest->data()) + 1);
  return index;
}

// The k of ".k". A key of what has no parts of its own may hold anything.
std::optional<std::string> TakeKey(const ArgumentFact& element, std::string_view* rest) {
  if (!rest->starts_with('.')) return std::nullopt;
  const size_t end = IsNested(element) ? rest->find_first_of(".[", 1) : std::string_view::npos;
  std::string key(rest->substr(1, end == std::string_view::npos ? end : end - 1));
  rest->remove_prefix(key.size() + 1);
  return key;
}

Result<Value> Join(const ArgumentFact& argument, Parts parts);

Result<Value> JoinElement(const ArgumentFact& element, std::string name, Parts parts) {
  ArgumentFact named = element;
  named.name = std::move(name);
  return Join(named, std::move(parts));
}

Result<Value> JoinList(const ArgumentFact& argument, const Parts& parts) {
  std::map<size_t, Parts> by_index;
  for (Part part : parts) {
    const std::optional<size_t> index = TakeIndex(&part.rest);
    if (!index) return NoSuchPart(argument, part);
    by_index[*index].push_back(part);
  }
  ValueList list;
  for (auto& [index, own] : by_index) {
    if (index != list.items.size()) return Missing(ItemName(argument, list.items.size()), argument);
    FLAMBEAU_ASSIGN_OR_RETURN(
        Value item, JoinElement(argument.elements[0], ItemName(argument, index), std::move(own)));
    list.items.push_back(std::move(item));
  }
  return Value{std::move(list)};
}

Result<Value> JoinDict(const ArgumentFact& argument, const Parts& parts) {
  std::vector<std::pair<std::string, Parts>> entries;
  std::map<std::string, size_t, std::less<>> positions;
  for (Part part : parts) {
    const std::optional<std::string> key = TakeKey(argument.elements[0], &part.rest);
    if (!key) return NoSuchPart(argument, part);
    const auto [position, is_new] = positions.emplace(*key, entries.size());
    if (is_new) entries.emplace_back(*key, Parts());
    entries[position->second].second.push_back(part);
  }
  ValueDict dict;
  for (auto& [key, own] : entries) {
    FLAMBEAU_ASSIGN_OR_RETURN(
        Value value, JoinElement(argument.elements[0], argument.name + "." + key, std::move(own)));
    dict.items.push_back({key, std::move(value)});
  }
  return Value{std::move(dict)};
}

// Which element of a tuple a part belongs to; its name is shortened by that element's.
std::optional<size_t> TakeElement(const ArgumentFact& tuple, std::string_view* rest) {
  for (size_t i = 0; i < tuple.elements.size(); ++i) {
    const std::string step = ItemName(tuple, i).substr(tuple.name.size());
    if (!rest->starts_with(step)) continue;
    const std::string_view left = rest->substr(step.size());
    if (!left.empty() && left.front() != '.' && left.front() != '[') continue;
    *rest = left;
    return i;
  }
  return std::nullopt;
}

Result<Value> JoinTuple(const ArgumentFact& argument, const Parts& parts) {
  std::vector<Parts> by_element(argument.elements.size());
  for (Part part : parts) {
    const std::optional<size_t> element = TakeElement(argument, &part.rest);
    if (!element) return NoSuchPart(argument, part);
    by_element[*element].push_back(part);
  }
  ValueTuple tuple;
  for (size_t i = 0; i < by_element.size(); ++i) {
    const ArgumentFact& element = argument.elements[i];
    if (by_element[i].empty() && !element.optional) return Missing(ItemName(argument, i), argument);
    FLAMBEAU_ASSIGN_OR_RETURN(
        Value value, JoinElement(element, ItemName(argument, i), std::move(by_element[i])));
    tuple.items.push_back(std::move(value));
    if (!element.name.empty()) tuple.names.push_back(element.name);
  }
  return Value{std::move(tuple)};
}

Result<Value> Join(const ArgumentFact& argument, Parts parts) {
  if (parts.empty()) return Value{};
  const auto whole =
      std::find_if(parts.begin(), parts.end(), [](const Part& part) { return part.rest.empty(); });
  if (whole != parts.end() && parts.size() == 1) return std::move(whole->input->value);
  if (whole != parts.end()) {
    return InvalidArgument("Input " + Quote(argument.name) + " is given twice; give it once.");
  }
  if (!IsNested(argument)) return NoSuchPart(argument, parts.front());
  if (argument.kind == ValueKind::kList) return JoinList(argument, parts);
  if (argument.kind == ValueKind::kDict) return JoinDict(argument, parts);
  return JoinTuple(argument, parts);
}

}  // namespace

std::string PartNames(const ArgumentFact& argument) {
  if (argument.kind == ValueKind::kDict) return "its entries as " + Quote(argument.name + ".KEY");
  if (argument.kind == ValueKind::kList) {
    return "its elements as " + Quote(ItemName(argument, 0)) + ", " + Quote(ItemName(argument, 1)) +
           " and so on";
  }
  std::string names = "its elements as ";
  for (size_t i = 0; i < argument.elements.size(); ++i) {
    if (i > 0) names += i + 1 == argument.elements.size() ? " and " : ", ";
    names += Quote(ItemName(argument, i));
  }
  return names;
}

Result<Value> JoinInput(const ArgumentFact& argument, std::vector<NamedValue> parts) {
  Parts unfollowed;
  for (NamedValue& input : parts) {
    const std::string_view name = input.name;
    unfollowed.push_back({name.substr(std::min(name.find_first_of(".["), name.size())), &input});
  }
  return Join(argument, std::move(unfollowed));
}

}  // namespace flambeau
