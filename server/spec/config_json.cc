#include "spec/config_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <nlohmann/json.hpp>

#include "proto/model_config.pb.h"
#include "spec/config_message_internal.h"

namespace flambeau {
namespace {

namespace pb = google::protobuf;
using Json = nlohmann::ordered_json;

Json ToJson(const pb::Message& message);

// `index` counts among a repeated field's elements.
Json ElementJson(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
  const pb::Reflection& get = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return many ? get.GetRepeatedInt32(message, &field, index) : get.GetInt32(message, &field);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return many ? get.GetRepeatedInt64(message, &field, index) : get.GetInt64(message, &field);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return many ? get.GetRepeatedUInt32(message, &field, index) : get.GetUInt32(message, &field);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return many ? get.GetRepeatedUInt64(message, &field, index) : get.GetUInt64(message, &field);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return many ? get.GetRepeatedDouble(message, &field, index) : get.GetDouble(message, &field);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return many ? get.GetRepeatedFloat(message, &field, index) : get.GetFloat(message, &field);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return many ? get.GetRepeatedBool(message, &field, index) : get.GetBool(message, &field);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return (many ? get.GetRepeatedEnum(message, &field, index) : get.GetEnum(message, &field))
          ->name();
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return many ? get.GetRepeatedString(message, &field, index) : get.GetString(message, &field);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(many ? get.GetRepeatedMessage(message, &field, index)
                         : get.GetMessage(message, &field));
  }
  return nullptr;
}

Json MapJson(const pb::Message& message, const pb::FieldDescriptor& field) {
  std::map<std::string, Json> sorted;
  const pb::Reflection& get = *message.GetReflection();
  const pb::FieldDescriptor& key = *field.message_type()->map_key();
  const pb::FieldDescriptor& value = *field.message_type()->map_value();
  for (int i = 0; i < get.FieldSize(message, &field); ++i) {
    const pb::Message& entry = get.GetRepeatedMessage(message, &field, i);
    const Json name = ElementJson(entry, key, -1);
    sorted[name.is_string() ? name.get<std::string>() : name.dump()] =
        ElementJson(entry, value, -1);
  }
  Json json = Json::object();
  for (auto& [name, one] : sorted) json[name] = std::move(one);
  return json;
}

Json ListJson(const pb::Message& message, const pb::FieldDescriptor& field) {
  Json json = Json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    json.push_back(ElementJson(message, field, i));
  }
  return json;
}

// protobuf's own printer writes 64-bit integers as strings, which Triton's clients do not take.
Json ToJson(const pb::Message& message) {
  Json json = Json::object();
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (field.is_map()) {
      json[field.name()] = MapJson(message, field);
    } else if (field.is_repeated()) {
      json[field.name()] = ListJson(message, field);
    } else if (!field.has_presence() || message.GetReflection()->HasField(message, &field)) {
      json[field.name()] = ElementJson(message, field, -1);
    }
  }
  return json;
}

}  // namespace

std::string EncodeConfigJson(const ModelConfig& config) {
  inference::ModelConfig message;
  ConfigToMessage(config, &message);
  // Text that is not UTF-8 must not throw: U+FFFD stands in.
  return ToJson(message).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string EncodeConfigProto(const ModelConfig& config) {
  inference::ModelConfig message;
  ConfigToMessage(config, &message);
  return message.SerializeAsString();
}

}  // namespace flambeau
