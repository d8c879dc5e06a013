// Writes objects in their serialized form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rights.h"
#include "serialization.h"

namespace xpc {

class Encoder {
 public:
  // Appends to `output`, which must outlive the encoder.
  explicit Encoder(std::vector<uint8_t>& output) : output_(output) {}

  // Header and object. False when an object has no serialized form, nests too deep (a cycle does) or is too long;
  // what was written is then of no use.
  bool write_document(const Object& object);
  // The same for a message, which may hold rights; they are appended to `rights`.
  bool write_message(const Object& object, SentRights& rights);

  void write_word(TypeWord word) { write_value(static_cast<uint32_t>(word)); }
  template <typename Value>
  void write_value(Value value) {
    append(&value, sizeof value);
  }
  // Raw bytes and their padding.
  void write_bytes(const void* bytes, size_t length);
  // A dictionary key: the bytes, a NUL and padding.
  void write_key(std::string_view key);
  // The type word of a right, whose descriptor `owner` keeps open.
  void write_right(TypeWord word, const Object& owner, int descriptor);
  void fail() { is_failed_ = true; }

  // Writes the head of an array or dictionary, and its byte length when it goes out of scope. When it converts to
  // false the contents must not be written.
  class Container {
   public:
    Container(Encoder& encoder, TypeWord word, size_t count);
    ~Container();
    Container(const Container&) = delete;
    Container& operator=(const Container&) = delete;
    explicit operator bool() const { return !encoder_.is_failed_; }

   private:
    Encoder& encoder_;
    size_t length_position_;  // of the length word in the output
  };

 private:
  void append(const void* bytes, size_t length);

  std::vector<uint8_t>& output_;
  SentRights* rights_ = nullptr;  // null where there can be none
  unsigned depth_ = 0;
  bool is_failed_ = false;
};

}  // namespace xpc
