#include "value.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#include "encoder.h"
#include "misuse.h"

namespace xpc {
namespace {

constinit Null null_object;
constinit Bool true_object(true);
constinit Bool false_object(false);

size_t hash_bytes(const void* bytes, size_t length) {
  return std::hash<std::string_view>()(std::string_view(static_cast<const char*>(bytes), length));
}

// The object as `Expected`, or null: getters of another type answer with a default, as on macOS.
template <typename Expected>
const Expected* as(xpc_object_t object, xpc_type_t type) {
  if (object == nullptr || Object::from(object)->type() != type) return nullptr;
  return static_cast<const Expected*>(Object::from(object));
}

}  // namespace

void Null::encode(Encoder& encoder) const { encoder.write_word(TypeWord::null); }

void Bool::describe(std::string& text) const { text += value_ ? ": true" : ": false"; }

void Bool::encode(Encoder& encoder) const {
  encoder.write_word(TypeWord::boolean);
  encoder.write_value(uint32_t{value_});
}

template <typename Value, const _xpc_type_s& Type, TypeWord Word>
bool Number<Value, Type, Word>::equals(const Object& other) const {
  // A NaN equals itself: the comparison is of values, not arithmetic.
  const Value theirs = static_cast<const Number&>(other).value_;
  return value_ == theirs || std::bit_cast<uint64_t>(value_) == std::bit_cast<uint64_t>(theirs);
}

template <typename Value, const _xpc_type_s& Type, TypeWord Word>
size_t Number<Value, Type, Word>::hash() const {
  return std::hash<Value>()(value_);  // 0.0 and -0.0 are equal, and std::hash knows
}

template <typename Value, const _xpc_type_s& Type, TypeWord Word>
void Number<Value, Type, Word>::describe(std::string& text) const {
  text += ": ";
  text += std::to_string(value_);
}

template <typename Value, const _xpc_type_s& Type, TypeWord Word>
void Number<Value, Type, Word>::encode(Encoder& encoder) const {
  encoder.write_word(Word);
  encoder.write_value(value_);
}

template class Number<int64_t, _xpc_type_int64, TypeWord::int64>;
template class Number<uint64_t, _xpc_type_uint64, TypeWord::uint64>;
template class Number<double, _xpc_type_double, TypeWord::real>;
template class Number<int64_t, _xpc_type_date, TypeWord::date>;

Ref<Object> Data::make(const void* bytes, size_t length) {
  // The length is a 32-bit word on the wire; Apple's library ends the process here too.
  if (length > UINT32_MAX) misuse("data of 4 GiB or more");
  return Ref<Object>::adopt(new Data(static_cast<const uint8_t*>(bytes), length));
}

bool Data::equals(const Object& other) const { return bytes_ == static_cast<const Data&>(other).bytes_; }

size_t Data::hash() const { return hash_bytes(bytes_.data(), bytes_.size()); }

void Data::describe(std::string& text) const { text += ": { length = " + std::to_string(bytes_.size()) + " bytes }"; }

void Data::encode(Encoder& encoder) const {
  encoder.write_word(TypeWord::data);
  encoder.write_value(static_cast<uint32_t>(bytes_.size()));
  encoder.write_bytes(bytes_.data(), bytes_.size());
}

Ref<Object> String::make(const char* text, size_t length) {
  if (length >= UINT32_MAX) misuse("string of 4 GiB or more");
  return Ref<Object>::adopt(new String(text, length));
}

bool String::equals(const Object& other) const { return text_ == static_cast<const String&>(other).text_; }

size_t String::hash() const { return std::hash<std::string>()(text_); }

void String::describe(std::string& text) const { text += " { \"" + text_ + "\" }"; }

void String::encode(Encoder& encoder) const {
  encoder.write_word(TypeWord::string);
  encoder.write_value(static_cast<uint32_t>(text_.size() + 1));
  encoder.write_bytes(text_.c_str(), text_.size() + 1);
}

Uuid::Uuid(const uint8_t* bytes) { std::memcpy(bytes_, bytes, sizeof bytes_); }

Ref<Object> Uuid::make(const uint8_t* bytes) { return Ref<Object>::adopt(new Uuid(bytes)); }

bool Uuid::equals(const Object& other) const {
  return std::memcmp(bytes_, static_cast<const Uuid&>(other).bytes_, sizeof bytes_) == 0;
}

size_t Uuid::hash() const { return hash_bytes(bytes_, sizeof bytes_); }

void Uuid::describe(std::string& text) const {
  constexpr char kDigits[] = "0123456789ABCDEF";
  text += ' ';
  for (size_t index = 0; index < sizeof bytes_; ++index) {
    if (index == 4 || index == 6 || index == 8 || index == 10) text += '-';
    text += kDigits[bytes_[index] >> 4];
    text += kDigits[bytes_[index] & 15];
  }
}

void Uuid::encode(Encoder& encoder) const {
  encoder.write_word(TypeWord::uuid);
  encoder.write_bytes(bytes_, sizeof bytes_);
}

}  // namespace xpc

using namespace xpc;

extern "C" {

xpc_object_t xpc_null_create(void) { return null_object.handle(); }

xpc_object_t xpc_bool_create(bool value) { return (value ? true_object : false_object).handle(); }

bool xpc_bool_get_value(xpc_object_t xbool) {
  const auto* object = as<Bool>(xbool, XPC_TYPE_BOOL);
  return object != nullptr && object->value();
}

xpc_object_t xpc_int64_create(int64_t value) { return Int64::make(value).leak(); }

int64_t xpc_int64_get_value(xpc_object_t xint) {
  const auto* object = as<Int64>(xint, XPC_TYPE_INT64);
  return object != nullptr ? object->value() : 0;
}

xpc_object_t xpc_uint64_create(uint64_t value) { return Uint64::make(value).leak(); }

uint64_t xpc_uint64_get_value(xpc_object_t xuint) {
  const auto* object = as<Uint64>(xuint, XPC_TYPE_UINT64);
  return object != nullptr ? object->value() : 0;
}

xpc_object_t xpc_double_create(double value) { return Double::make(value).leak(); }

double xpc_double_get_value(xpc_object_t xdouble) {
  const auto* object = as<Double>(xdouble, XPC_TYPE_DOUBLE);
  return object != nullptr ? object->value() : std::nan("");
}

xpc_object_t xpc_date_create(int64_t nanoseconds) { return Date::make(nanoseconds).leak(); }

int64_t xpc_date_get_value(xpc_object_t xdate) {
  const auto* object = as<Date>(xdate, XPC_TYPE_DATE);
  return object != nullptr ? object->value() : 0;
}

xpc_object_t xpc_data_create(const void* bytes, size_t length) { return Data::make(bytes, length).leak(); }

size_t xpc_data_get_length(xpc_object_t xdata) {
  const auto* object = as<Data>(xdata, XPC_TYPE_DATA);
  return object != nullptr ? object->bytes().size() : 0;
}

const void* xpc_data_get_bytes_ptr(xpc_object_t xdata) {
  const auto* object = as<Data>(xdata, XPC_TYPE_DATA);
  return object != nullptr ? object->bytes().data() : nullptr;
}

xpc_object_t xpc_string_create(const char* string) { return String::make(string, std::strlen(string)).leak(); }

size_t xpc_string_get_length(xpc_object_t xstring) {
  const auto* object = as<String>(xstring, XPC_TYPE_STRING);
  return object != nullptr ? object->text().size() : 0;
}

const char* xpc_string_get_string_ptr(xpc_object_t xstring) {
  const auto* object = as<String>(xstring, XPC_TYPE_STRING);
  return object != nullptr ? object->text().c_str() : nullptr;
}

xpc_object_t xpc_uuid_create(const uuid_t uuid) { return Uuid::make(uuid).leak(); }

const uint8_t* xpc_uuid_get_bytes(xpc_object_t xuuid) {
  const auto* object = as<Uuid>(xuuid, XPC_TYPE_UUID);
  return object != nullptr ? object->bytes() : nullptr;
}

}  // extern "C"
