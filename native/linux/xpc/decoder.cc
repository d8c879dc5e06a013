#include "decoder.h"

#include <cstring>

#include "array.h"
#include "dictionary.h"
#include "endpoint.h"
#include "fd.h"
#include "rich_error.h"
#include "shmem.h"
#include "value.h"

namespace xpc {

bool Decoder::is_dictionary(std::span<const uint8_t> bytes) {
  constexpr uint32_t kExpected[] = {kSerializationMagic, kSerializationVersion,
                                    static_cast<uint32_t>(TypeWord::dictionary)};
  return bytes.size() >= kEmptyDictionaryBytes && std::memcmp(bytes.data(), kExpected, sizeof kExpected) == 0;
}

const uint8_t* Decoder::take(size_t length) {
  // The bare length first: rounding up a huge one would wrap around.
  if (length > bytes_.size() || padded(length) > bytes_.size()) return nullptr;
  const uint8_t* start = bytes_.data();
  bytes_ = bytes_.subspan(padded(length));
  return start;
}

template <typename Value>
bool Decoder::read_value(Value& value) {
  const uint8_t* start = take(sizeof value);
  if (start != nullptr) std::memcpy(&value, start, sizeof value);
  return start != nullptr;
}

bool Decoder::read_header(uint32_t expected_magic) {
  uint32_t magic = 0;
  uint32_t version = 0;
  return read_value(magic) && read_value(version) && magic == expected_magic && version == kSerializationVersion;
}

Ref<Object> Decoder::read_document() { return read_header(kSerializationMagic) ? read_object() : nullptr; }

bool Decoder::read_dictionary_document(Buckets& entries) {
  return read_header(kSerializationMagic) && read_root_entries(entries);
}

bool Decoder::read_dictionary_message(Buckets& entries) {
  return read_header(kMessageMagic) && read_root_entries(entries) && rights_.empty();
}

bool Decoder::read_root_entries(Buckets& entries) {
  uint32_t word = 0;
  return read_value(word) && word == static_cast<uint32_t>(TypeWord::dictionary) && read_entries(entries);
}

Ref<Object> Decoder::read_object() {
  uint32_t word = 0;
  if (!read_value(word)) return nullptr;
  switch (static_cast<TypeWord>(word)) {
    case TypeWord::null:
      return Ref<Object>::adopt(Object::from(xpc_null_create()));
    case TypeWord::boolean: {
      uint32_t value = 0;
      return read_value(value) ? Ref<Object>::adopt(Object::from(xpc_bool_create(value != 0))) : nullptr;
    }
    case TypeWord::int64: {
      int64_t value = 0;
      return read_value(value) ? Int64::make(value) : nullptr;
    }
    case TypeWord::uint64: {
      uint64_t value = 0;
      return read_value(value) ? Uint64::make(value) : nullptr;
    }
    case TypeWord::real: {
      double value = 0;
      return read_value(value) ? Double::make(value) : nullptr;
    }
    case TypeWord::date: {
      int64_t value = 0;
      return read_value(value) ? Date::make(value) : nullptr;
    }
    case TypeWord::uuid: {
      const uint8_t* bytes = take(sizeof(uuid_t));
      return bytes != nullptr ? Uuid::make(bytes) : nullptr;
    }
    case TypeWord::data:
      return read_data();
    case TypeWord::string:
      return read_string();
    case TypeWord::fd: {
      Descriptor descriptor = take_right();
      return descriptor ? Fd::make(std::move(descriptor)) : nullptr;
    }
    case TypeWord::shmem:
      return read_shmem();
    case TypeWord::endpoint: {
      Descriptor descriptor = take_right();
      return descriptor ? Endpoint::receive(std::move(descriptor)) : nullptr;
    }
    case TypeWord::rich_error:
      return read_rich_error();
    case TypeWord::array:
      return read_array();
    case TypeWord::dictionary:
      return read_dictionary();
  }
  return nullptr;
}

Ref<Object> Decoder::read_data() {
  uint32_t length = 0;
  if (!read_value(length)) return nullptr;
  const uint8_t* bytes = take(length);
  return bytes != nullptr ? Data::make(bytes, length) : nullptr;
}

Ref<Object> Decoder::read_string() {
  uint32_t length = 0;
  if (!read_value(length) || length == 0) return nullptr;
  const uint8_t* bytes = take(length);
  // The counted length ends with the only NUL.
  if (bytes == nullptr || std::memchr(bytes, 0, length) != bytes + length - 1) return nullptr;
  return String::make(reinterpret_cast<const char*>(bytes), length - 1);
}

Descriptor Decoder::take_right() {
  if (rights_.empty()) return {};
  Descriptor right = std::move(rights_.front());
  rights_ = rights_.subspan(1);
  return right;
}

Ref<Object> Decoder::read_shmem() {
  uint64_t length = 0;
  Descriptor file = take_right();
  return file && read_value(length) ? Shmem::receive(std::move(file), length) : nullptr;
}

Ref<Object> Decoder::read_rich_error() {
  uint32_t length = 0;
  uint32_t can_retry = 0;
  uint64_t text_length = 0;
  if (!read_value(length) || !read_value(can_retry) || !read_value(text_length)) return nullptr;
  if (length < kRichErrorOverhead || text_length != length - kRichErrorOverhead) return nullptr;
  const uint8_t* text = take(text_length + 1);
  if (text == nullptr || std::memchr(text, 0, text_length + 1) != text + text_length) return nullptr;
  return RichError::make(reinterpret_cast<const char*>(text), text_length, can_retry != 0);
}

Ref<Object> Decoder::read_array() {
  uint32_t length = 0;
  uint32_t count = 0;
  if (!read_value(length) || !read_value(count) || count >= kArrayCountLimit || depth_ == kMaximumDepth) return nullptr;
  // Each element takes a word at least, so a count that cannot be true reserves nothing.
  if (count > bytes_.size() / sizeof(uint32_t)) return nullptr;
  ++depth_;
  Ref<Array> array = Ref<Array>::adopt(new Array());
  array->reserve(count);
  for (uint32_t index = 0; index < count; ++index) {
    Ref<Object> value = read_object();
    if (!value) return nullptr;
    array->append(std::move(value));
  }
  --depth_;
  return array;
}

Ref<Object> Decoder::read_dictionary() {
  Ref<Dictionary> dictionary = Ref<Dictionary>::adopt(new Dictionary());
  if (!read_entries(dictionary->entries_for_change())) return nullptr;
  return dictionary;
}

bool Decoder::read_entries(Buckets& entries) {
  uint32_t length = 0;
  uint32_t count = 0;
  if (!read_value(length) || !read_value(count) || depth_ == kMaximumDepth) return false;
  ++depth_;
  for (uint32_t index = 0; index < count; ++index) {
    std::string_view key;
    if (!read_key(key)) return false;
    Ref<Object> value = read_object();
    if (!value) return false;
    entries.set(key, std::move(value));
  }
  --depth_;
  return true;
}

bool Decoder::read_key(std::string_view& key) {
  if (bytes_.empty()) return false;
  const void* end = std::memchr(bytes_.data(), 0, bytes_.size());
  if (end == nullptr) return false;
  const size_t length = static_cast<const uint8_t*>(end) - bytes_.data();
  key = std::string_view(reinterpret_cast<const char*>(bytes_.data()), length);
  return take(length + 1) != nullptr;
}

}  // namespace xpc

extern "C" xpc_object_t xpc_create_from_serialization(const void* bytes, size_t length) {
  return xpc::Decoder({static_cast<const uint8_t*>(bytes), length}).read_document().leak();
}
