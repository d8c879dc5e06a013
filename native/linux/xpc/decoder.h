// Reads serialized objects. The input is not trusted: every length is checked, depth and counts are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "buckets.h"
#include "object.h"
#include "rights.h"
#include "serialization.h"

namespace xpc {

class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  // Of a message with rights, which are moved into the objects that stand for them.
  Decoder(std::span<const uint8_t> bytes, std::span<Descriptor> rights) : bytes_(bytes), rights_(rights) {}

  // Whether the bytes begin as a serialized dictionary does.
  static bool is_dictionary(std::span<const uint8_t> bytes);

  // Header and object; null when malformed. Bytes after the object are ignored.
  Ref<Object> read_document();
  // Header and the entries of the dictionary; false when malformed.
  bool read_dictionary_document(Buckets& entries);
  // The same of a message with rights, each of which must be used once and be what it is used for.
  bool read_dictionary_message(Buckets& entries);

 private:
  bool read_header(uint32_t expected_magic);
  bool read_root_entries(Buckets& entries);
  Ref<Object> read_object();
  Ref<Object> read_data();
  Ref<Object> read_string();
  Ref<Object> read_shmem();
  Ref<Object> read_rich_error();
  // Empty when there is none left.
  Descriptor take_right();
  Ref<Object> read_array();
  Ref<Object> read_dictionary();
  bool read_entries(Buckets& entries);
  bool read_key(std::string_view& key);
  // `length` bytes, their padding skipped; null when there are fewer.
  const uint8_t* take(size_t length);
  template <typename Value>
  bool read_value(Value& value);

  std::span<const uint8_t> bytes_;  // what is not read yet; borrowed
  std::span<Descriptor> rights_;    // what is not used yet; borrowed
  unsigned depth_ = 0;              // containers around the next object
};

}  // namespace xpc
