#include "transcode.h"

#include <cstring>
#include <optional>
#include <utility>

#include "platform.h"

namespace launchport {
namespace {

constexpr uint32_t kStandaloneMagic = 0x42133742;
constexpr uint32_t kMachMagic = 0x40585043;
constexpr uint32_t kVersion = 5;
// Key (at least the padded NUL) and type word.
constexpr size_t kMinEntryBytes = 8;

// Type words: the index of the type times 0x1000.
enum class Type : uint32_t {
  null = 0x1000,
  boolean = 0x2000,
  int64 = 0x3000,
  uint64 = 0x4000,
  real = 0x5000,
  date = 0x7000,
  data = 0x8000,
  string = 0x9000,
  uuid = 0xa000,
  descriptor = 0xb000,
  memory = 0xc000,
  array = 0xe000,
  dictionary = 0xf000,
  endpoint = 0x12000,
  rich_error = 0x1c000,
};

// Reads items one after the other. Once something is wrong, every further read fails.
class Reader {
 public:
  Reader(Bytes bytes, std::span<const MessageRight> rights) : bytes_(bytes), rights_(rights) {}

  bool word(uint32_t* value) {
    const uint8_t* at = take(4);
    if (at == nullptr) return false;
    *value = load_u32(at);
    return true;
  }

  bool word64(uint64_t* value) {
    const uint8_t* at = take(8);
    if (at == nullptr) return false;
    *value = load_u64(at);
    return true;
  }

  // `size` bytes and their padding, which must be there; null when it is not.
  const uint8_t* take(size_t size) {
    if (size > bytes_.size() || padded(size) > bytes_.size()) return nullptr;
    const uint8_t* at = bytes_.data();
    bytes_ = bytes_.subspan(padded(size));
    return at;
  }

  // A key: bytes up to a NUL, then padding.
  const char* key() {
    const void* nul = bytes_.empty() ? nullptr : std::memchr(bytes_.data(), 0, bytes_.size());
    if (nul == nullptr) return nullptr;
    const size_t size = static_cast<size_t>(static_cast<const uint8_t*>(nul) - bytes_.data()) + 1;
    return reinterpret_cast<const char*>(take(size));
  }

  // The next right; null when it is not of this kind.
  const MessageRight* right(Right kind) {
    if (rights_.empty() || rights_.front().kind != kind) return nullptr;
    const MessageRight* right = &rights_.front();
    rights_ = rights_.subspan(1);
    return right;
  }

  size_t left() const { return bytes_.size(); }
  bool has_rights() const { return !rights_.empty(); }

 private:
  Bytes bytes_;
  std::span<const MessageRight> rights_;
};

Object read_value(Reader& reader, unsigned depth);

// `depth` counts the containers around the entries, their own included.
bool read_entries(Reader& reader, xpc_object_t dictionary, unsigned depth) {
  uint32_t length, count;
  // The byte length is not used to bound decoding, by Apple's receiver neither.
  if (depth > kMaxDepth || !reader.word(&length) || !reader.word(&count)) return false;
  if (count > reader.left() / kMinEntryBytes) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const char* key = reader.key();
    if (key == nullptr) return false;
    const Object value = read_value(reader, depth);
    if (!value) return false;
    xpc_dictionary_set_value(dictionary, key, value.get());
  }
  return true;
}

Object read_array(Reader& reader, unsigned depth) {
  uint32_t length, count;
  if (depth > kMaxDepth || !reader.word(&length) || !reader.word(&count)) return {};
  if (count >= kMaxArrayCount || count > reader.left() / 4) return {};
  Object array = Object::adopt(xpc_array_create(nullptr, 0));
  for (uint32_t i = 0; i < count; ++i) {
    const Object value = read_value(reader, depth);
    if (!value) return {};
    xpc_array_append_value(array.get(), value.get());
  }
  return array;
}

Object read_string(Reader& reader) {
  uint32_t size;
  if (!reader.word(&size) || size == 0) return {};
  const uint8_t* at = reader.take(size);
  if (at == nullptr || std::memchr(at, 0, size) != at + size - 1) return {};
  return Object::adopt(xpc_string_create(reinterpret_cast<const char*>(at)));
}

Object read_data(Reader& reader) {
  uint32_t size;
  if (!reader.word(&size)) return {};
  const uint8_t* at = reader.take(size);
  if (at == nullptr) return {};
  return Object::adopt(xpc_data_create(size == 0 ? nullptr : at, size));
}

Object read_uuid(Reader& reader) {
  const uint8_t* at = reader.take(16);
  return at == nullptr ? Object() : Object::adopt(xpc_uuid_create(at));
}

Object read_bool(Reader& reader) {
  uint32_t word;
  return reader.word(&word) ? Object::adopt(xpc_bool_create(word != 0)) : Object();
}

Object read_double(Reader& reader) {
  uint64_t bits;
  return reader.word64(&bits) ? Object::adopt(xpc_double_create(std::bit_cast<double>(bits))) : Object();
}

Object read_right(Reader& reader, Right kind) {
  const MessageRight* right = reader.right(kind);
  return right == nullptr ? Object() : right->object;
}

Object read_memory(Reader& reader) {
  uint64_t length;
  if (!reader.word64(&length)) return {};
  const MessageRight* right = reader.right(Right::memory);
  return right == nullptr || right->byte_length != length ? Object() : right->object;
}

// An empty result means malformed: no value is represented by it. `depth` is the number of containers around.
Object read_value(Reader& reader, unsigned depth) {
  uint32_t type;
  uint64_t bits;
  if (!reader.word(&type)) return {};
  switch (static_cast<Type>(type)) {
    case Type::null:
      return Object::adopt(xpc_null_create());
    case Type::boolean:
      return read_bool(reader);
    case Type::int64:
      if (!reader.word64(&bits)) return {};
      return Object::adopt(xpc_int64_create(static_cast<int64_t>(bits)));
    case Type::uint64:
      return reader.word64(&bits) ? Object::adopt(xpc_uint64_create(bits)) : Object();
    case Type::real:
      return read_double(reader);
    case Type::date:
      if (!reader.word64(&bits)) return {};
      return Object::adopt(xpc_date_create(static_cast<int64_t>(bits)));
    case Type::data:
      return read_data(reader);
    case Type::string:
      return read_string(reader);
    case Type::uuid:
      return read_uuid(reader);
    case Type::array:
      return read_array(reader, depth + 1);
    case Type::dictionary: {
      Object dictionary = Object::adopt(xpc_dictionary_create(nullptr, nullptr, 0));
      return read_entries(reader, dictionary.get(), depth + 1) ? dictionary : Object();
    }
    case Type::descriptor:
      return read_right(reader, Right::descriptor);
    case Type::endpoint:
      return read_right(reader, Right::endpoint);
    case Type::memory:
      return read_memory(reader);
    case Type::rich_error:
      break;  // XPC makes them; nobody else can
  }
  return {};
}

// Appends items. Fails, for good, when the result would be longer than kMaxBodyBytes.
class Writer {
 public:
  Writer(std::vector<uint8_t>& out, MessageRights& rights) : out_(out), rights_(rights) {}

  bool value(xpc_object_t object, unsigned depth);
  bool word(uint32_t value) { return raw(&value, sizeof value); }

 private:
  bool word(Type type) { return word(static_cast<uint32_t>(type)); }
  bool word64(uint64_t value) { return raw(&value, sizeof value); }
  bool scalar(Type type, uint64_t value) { return word(type) && word64(value); }
  bool counted(Type type, const void* bytes, size_t size) {
    return size <= kMaxBodyBytes && word(type) && word(static_cast<uint32_t>(size)) && raw(bytes, size);
  }
  bool right(Right kind, xpc_object_t object, uint64_t byte_length = 0);
  bool memory(xpc_object_t object);
  bool rich_error(const platform::RichError& error);
  bool array(xpc_object_t array, unsigned depth);
  bool dictionary(xpc_object_t dictionary, unsigned depth);
  bool raw(const void* bytes, size_t size);
  // Sets the byte length of a container whose length word is at `at`.
  void close(size_t at) { store_u32(out_.data() + at, static_cast<uint32_t>(out_.size() - at - 4)); }

  std::vector<uint8_t>& out_;
  MessageRights& rights_;
};

bool Writer::raw(const void* bytes, size_t size) {
  const size_t start = out_.size();
  if (size > kMaxBodyBytes || start + padded(size) > kMaxBodyBytes) return false;
  out_.resize(start + padded(size));  // zeroes the padding
  if (size > 0) std::memcpy(out_.data() + start, bytes, size);
  return true;
}

bool Writer::right(Right kind, xpc_object_t object, uint64_t byte_length) {
  if (rights_.size() == kMaxRights) return false;
  rights_.push_back({kind, Object::retain(object), byte_length});
  return true;
}

bool Writer::memory(xpc_object_t object) {
  const uint64_t length = platform::shared_memory_length(object);
  return length > 0 && length <= kMaxMemoryBytes && scalar(Type::memory, length) &&
         right(Right::memory, object, length);
}

bool Writer::rich_error(const platform::RichError& error) {
  const size_t size = error.text.size() + 1;
  // The first length counts what follows it, without padding.
  return size <= kMaxBodyBytes && word(Type::rich_error) && word(static_cast<uint32_t>(size + 12)) &&
         word(error.can_retry ? 1 : 0) && word64(size - 1) && raw(error.text.c_str(), size);
}

bool Writer::array(xpc_object_t array, unsigned depth) {
  const size_t count = xpc_array_get_count(array);
  if (depth > kMaxDepth || count >= kMaxArrayCount || !word(Type::array)) return false;
  const size_t at = out_.size();
  if (!word(0) || !word(static_cast<uint32_t>(count))) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!value(xpc_array_get_value(array, i), depth)) return false;
  }
  close(at);
  return true;
}

bool Writer::dictionary(xpc_object_t dictionary, unsigned depth) {
  if (depth > kMaxDepth || !word(Type::dictionary)) return false;
  const size_t at = out_.size();
  if (!word(0) || !word(static_cast<uint32_t>(xpc_dictionary_get_count(dictionary)))) return false;
  Writer* const self = this;
  const bool is_whole = xpc_dictionary_apply(dictionary, [self, depth](const char* key, xpc_object_t object) {
    return self->raw(key, std::strlen(key) + 1) && self->value(object, depth);
  });
  if (is_whole) close(at);
  return is_whole;
}

bool Writer::value(xpc_object_t object, unsigned depth) {
  const xpc_type_t type = xpc_get_type(object);
  if (type == XPC_TYPE_STRING) {
    return counted(Type::string, xpc_string_get_string_ptr(object), xpc_string_get_length(object) + 1);
  }
  if (type == XPC_TYPE_DATA) {
    return counted(Type::data, xpc_data_get_bytes_ptr(object), xpc_data_get_length(object));
  }
  if (type == XPC_TYPE_INT64) return scalar(Type::int64, static_cast<uint64_t>(xpc_int64_get_value(object)));
  if (type == XPC_TYPE_UINT64) return scalar(Type::uint64, xpc_uint64_get_value(object));
  if (type == XPC_TYPE_DOUBLE) return scalar(Type::real, std::bit_cast<uint64_t>(xpc_double_get_value(object)));
  if (type == XPC_TYPE_DATE) return scalar(Type::date, static_cast<uint64_t>(xpc_date_get_value(object)));
  if (type == XPC_TYPE_BOOL) return word(Type::boolean) && word(xpc_bool_get_value(object) ? 1 : 0);
  if (type == XPC_TYPE_NULL) return word(Type::null);
  if (type == XPC_TYPE_UUID) return word(Type::uuid) && raw(xpc_uuid_get_bytes(object), 16);
  if (type == XPC_TYPE_ARRAY) return array(object, depth + 1);
  if (type == XPC_TYPE_DICTIONARY) return dictionary(object, depth + 1);
  if (type == XPC_TYPE_FD) return word(Type::descriptor) && right(Right::descriptor, object);
  if (type == XPC_TYPE_ENDPOINT) return word(Type::endpoint) && right(Right::endpoint, object);
  if (type == XPC_TYPE_SHMEM) return memory(object);
  if (const std::optional<platform::RichError> error = platform::rich_error(object)) return rich_error(*error);
  return false;  // not for others to see
}

}  // namespace

bool fill_dictionary(xpc_object_t dictionary, Bytes bytes, std::span<const MessageRight> rights) {
  Reader reader(bytes, rights);
  uint32_t magic, version, type;
  if (!reader.word(&magic) || !reader.word(&version) || !reader.word(&type)) return false;
  if (magic != (rights.empty() ? kStandaloneMagic : kMachMagic)) return false;
  if (version != kVersion || type != static_cast<uint32_t>(Type::dictionary)) return false;
  return read_entries(reader, dictionary, 1) && !reader.has_rights();
}

Object dictionary_from_bytes(Bytes bytes, std::span<const MessageRight> rights) {
  Object dictionary = Object::adopt(xpc_dictionary_create(nullptr, nullptr, 0));
  return fill_dictionary(dictionary.get(), bytes, rights) ? dictionary : Object();
}

bool dictionary_to_bytes(xpc_object_t dictionary, std::vector<uint8_t>& out, MessageRights& rights) {
  out.clear();
  rights.clear();
  Writer writer(out, rights);
  if (!writer.word(kStandaloneMagic) || !writer.word(kVersion) || !writer.value(dictionary, 0)) return false;
  if (!rights.empty()) store_u32(out.data(), kMachMagic);
  return true;
}

}  // namespace launchport
