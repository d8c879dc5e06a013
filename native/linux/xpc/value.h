// The values without parts: null, bool, numbers, dates, data, strings, UUIDs. All immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "object.h"
#include "serialization.h"

namespace xpc {

class Null final : public Object {
 public:
  constexpr Null() : Object(Lifetime::immortal) {}
  xpc_type_t type() const override { return XPC_TYPE_NULL; }
  void describe(std::string&) const override {}
  void encode(Encoder& encoder) const override;

 private:
  void dispose() override {}
};

class Bool final : public Object {
 public:
  constexpr explicit Bool(bool value) : Object(Lifetime::immortal), value_(value) {}
  bool value() const { return value_; }
  xpc_type_t type() const override { return XPC_TYPE_BOOL; }
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  void dispose() override {}

  const bool value_;
};

// A 64-bit value that is written as it is in memory.
template <typename Value, const _xpc_type_s& Type, TypeWord Word>
class Number final : public Object {
 public:
  static Ref<Object> make(Value value) { return Ref<Object>::adopt(new Number(value)); }
  Value value() const { return value_; }
  xpc_type_t type() const override { return &Type; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  explicit Number(Value value) : value_(value) {}
  void dispose() override { delete this; }

  const Value value_;
};

using Int64 = Number<int64_t, _xpc_type_int64, TypeWord::int64>;
using Uint64 = Number<uint64_t, _xpc_type_uint64, TypeWord::uint64>;
using Double = Number<double, _xpc_type_double, TypeWord::real>;
// Nanoseconds since 1970-01-01 UTC.
using Date = Number<int64_t, _xpc_type_date, TypeWord::date>;

class Data final : public Object {
 public:
  static Ref<Object> make(const void* bytes, size_t length);
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  xpc_type_t type() const override { return XPC_TYPE_DATA; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  Data(const uint8_t* bytes, size_t length) : bytes_(bytes, bytes + length) {}
  void dispose() override { delete this; }

  const std::vector<uint8_t> bytes_;
};

class String final : public Object {
 public:
  // `length` bytes without NUL; not necessarily UTF-8.
  static Ref<Object> make(const char* text, size_t length);
  const std::string& text() const { return text_; }
  xpc_type_t type() const override { return XPC_TYPE_STRING; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  String(const char* text, size_t length) : text_(text, length) {}
  void dispose() override { delete this; }

  const std::string text_;
};

class Uuid final : public Object {
 public:
  static Ref<Object> make(const uint8_t* bytes);
  const uint8_t* bytes() const { return bytes_; }
  xpc_type_t type() const override { return XPC_TYPE_UUID; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  explicit Uuid(const uint8_t* bytes);
  void dispose() override { delete this; }

  uuid_t bytes_;
};

}  // namespace xpc
