#include "tests/fuzz/message_mutator.h"

#include <bit>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace nmn::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Draw = std::mt19937_64;

// Deeper messages are left as they are: a config in a state in a checkpoint is at depth 3.
constexpr int kDeepest = 12;
constexpr size_t kLongestText = 4096;

size_t Below(size_t bound, Draw& draw) { return draw() % bound; }

// A field of one message of the tree.
struct Place {
  Message* message;
  const FieldDescriptor* field;
};

void FindPlaces(Message& message, int depth, std::vector<Place>& places) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    places.push_back({&message, field});
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || depth == 0) continue;
    if (field->is_repeated()) {
      for (int k = 0; k < reflection.FieldSize(message, field); ++k)
        FindPlaces(*reflection.MutableRepeatedMessage(&message, field, k), depth - 1, places);
    } else if (reflection.HasField(message, field)) {
      FindPlaces(*reflection.MutableMessage(&message, field), depth - 1, places);
    }
  }
}

uint64_t Near(uint64_t number, Draw& draw) {
  switch (Below(6, draw)) {
    case 0:
      return number + 1;
    case 1:
      return number - 1;
    case 2:
      return Below(8, draw);
    case 3:
      return number ^ (uint64_t{1} << Below(64, draw));
    case 4:
      return std::numeric_limits<uint64_t>::max() >> Below(64, draw);
    default:
      return draw() >> Below(64, draw);
  }
}

double Near(double number, Draw& draw) {
  constexpr double kNumbers[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 1e6,
                                 1e300,
                                 -1e300,
                                 1e-300,
                                 5e-324,
                                 3.4028235e38,
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN()};
  switch (Below(4, draw)) {
    case 0:
      return kNumbers[Below(std::size(kNumbers), draw)];
    case 1:
      return -number;
    case 2:
      return number * 2 + 1;
    default:
      return std::bit_cast<double>(std::bit_cast<uint64_t>(number) ^ (uint64_t{1} << Below(64, draw)));
  }
}

std::string Near(std::string text, Draw& draw) {
  const size_t at = Below(text.size() + 1, draw);
  switch (Below(5, draw)) {
    case 0:
      text.insert(at, 1, static_cast<char>(draw()));
      break;
    case 1:
      text.erase(at, 1 + Below(8, draw));
      break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(draw());
      break;
    case 3:
      text.insert(at, text.substr(0, kLongestText - std::min(text.size(), kLongestText)));
      break;
    default:
      text = std::string(Below(40, draw), static_cast<char>('a' + Below(26, draw)));
  }
  return text;
}

// proto3 takes no other text: it could be neither printed nor sent.
std::string Utf8(std::string text) {
  for (char& c : text) c = static_cast<char>(c & 0x7f);
  return text;
}

std::string NearText(const FieldDescriptor& field, const std::string& text, Draw& draw) {
  std::string other = Near(text, draw);
  return field.type() == FieldDescriptor::TYPE_STRING ? Utf8(std::move(other)) : other;
}

void ChangeScalar(Message& message, const FieldDescriptor* field, Draw& draw) {
  const Reflection& is = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return is.SetInt32(&message, field,
                         static_cast<int32_t>(Near(static_cast<uint64_t>(is.GetInt32(message, field)), draw)));
    case FieldDescriptor::CPPTYPE_INT64:
      return is.SetInt64(&message, field,
                         static_cast<int64_t>(Near(static_cast<uint64_t>(is.GetInt64(message, field)), draw)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return is.SetUInt32(&message, field, static_cast<uint32_t>(Near(uint64_t{is.GetUInt32(message, field)}, draw)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return is.SetUInt64(&message, field, Near(is.GetUInt64(message, field), draw));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return is.SetDouble(&message, field, Near(is.GetDouble(message, field), draw));
    case FieldDescriptor::CPPTYPE_FLOAT:
      // Not by a cast, which is undefined of what no float can be.
      return is.SetFloat(&message, field,
                         std::bit_cast<float>(static_cast<uint32_t>(
                             Near(uint64_t{std::bit_cast<uint32_t>(is.GetFloat(message, field))}, draw))));
    case FieldDescriptor::CPPTYPE_BOOL:
      return is.SetBool(&message, field, !is.GetBool(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return is.SetEnumValue(&message, field, static_cast<int>(Below(20, draw)));
    case FieldDescriptor::CPPTYPE_STRING:
      return is.SetString(&message, field, NearText(*field, is.GetString(message, field), draw));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      is.MutableMessage(&message, field);  // set, with nothing in it; what is in it is changed at its own places
  }
}

void AddElement(Message& message, const FieldDescriptor* field, Draw& draw) {
  const Reflection& is = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return is.AddInt32(&message, field, static_cast<int32_t>(Near(uint64_t{0}, draw)));
    case FieldDescriptor::CPPTYPE_INT64:
      return is.AddInt64(&message, field, static_cast<int64_t>(Near(uint64_t{0}, draw)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return is.AddUInt32(&message, field, static_cast<uint32_t>(Near(uint64_t{0}, draw)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return is.AddUInt64(&message, field, Near(uint64_t{0}, draw));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return is.AddDouble(&message, field, Near(0.0, draw));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return is.AddFloat(&message, field, std::bit_cast<float>(static_cast<uint32_t>(draw())));
    case FieldDescriptor::CPPTYPE_BOOL:
      return is.AddBool(&message, field, Below(2, draw) != 0);
    case FieldDescriptor::CPPTYPE_ENUM:
      return is.AddEnumValue(&message, field, static_cast<int>(Below(20, draw)));
    case FieldDescriptor::CPPTYPE_STRING:
      return is.AddString(&message, field, NearText(*field, "", draw));
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      // A copy of one that is there, mostly: what follows it then is a history of its own.
      const int size = is.FieldSize(message, field);
      if (size == 0 || Below(4, draw) == 0) {
        is.AddMessage(&message, field);
      } else {
        const int like = static_cast<int>(Below(static_cast<size_t>(size), draw));
        Message* copy = is.GetRepeatedMessage(message, field, like).New();
        copy->CopyFrom(is.GetRepeatedMessage(message, field, like));
        is.AddAllocatedMessage(&message, field, copy);
      }
    }
  }
}

void ChangeList(Message& message, const FieldDescriptor* field, Draw& draw) {
  const Reflection& is = *message.GetReflection();
  const int size = is.FieldSize(message, field);
  const auto any = [&] { return static_cast<int>(Below(static_cast<size_t>(size), draw)); };
  if (size == 0 || Below(3, draw) == 0) {
    AddElement(message, field, draw);
    if (size > 0 && !field->is_map()) is.SwapElements(&message, field, any(), size);  // not only at the end
  } else if (Below(2, draw) == 0) {
    if (!field->is_map()) is.SwapElements(&message, field, any(), size - 1);
    is.RemoveLast(&message, field);
  } else if (!field->is_map()) {
    is.SwapElements(&message, field, any(), any());
  }
}

}  // namespace

void Mutate(Message& message, Draw& draw) {
  std::vector<Place> places;
  FindPlaces(message, kDeepest, places);
  const Place place = places[Below(places.size(), draw)];
  if (place.field->is_repeated()) {
    ChangeList(*place.message, place.field, draw);
  } else if (place.message->GetReflection()->HasField(*place.message, place.field) && Below(8, draw) == 0) {
    place.message->GetReflection()->ClearField(place.message, place.field);
  } else {
    ChangeScalar(*place.message, place.field, draw);
  }
}

}  // namespace nmn::fuzz
