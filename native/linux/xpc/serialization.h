// The numbers of XPC's binary serialization, version 5, in its standalone ("bare") form and
// that of messages with rights. Only the magic tells them apart. All words are little-endian;
// every item is padded to a multiple of 4 bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace xpc {

static_assert(std::endian::native == std::endian::little, "words are copied as they are");

enum class TypeWord : uint32_t {
  null = 0x1000,
  boolean = 0x2000,
  int64 = 0x3000,
  uint64 = 0x4000,
  real = 0x5000,
  date = 0x7000,
  data = 0x8000,
  string = 0x9000,
  uuid = 0xa000,
  // Each stands for the next descriptor that travels beside the message.
  fd = 0xb000,
  shmem = 0xc000,
  array = 0xe000,
  dictionary = 0xf000,
  endpoint = 0x12000,
  rich_error = 0x1c000,
};

inline constexpr uint32_t kSerializationMagic = 0x42133742;
// "CPX@": what a message that carries rights begins with.
inline constexpr uint32_t kMessageMagic = 0x40585043;
inline constexpr uint32_t kSerializationVersion = 5;
inline constexpr size_t kSerializationHeaderBytes = 8;
// Header, type word, byte length and count: the least a serialized dictionary can be.
inline constexpr size_t kEmptyDictionaryBytes = 20;
// What the byte length of a rich error counts besides its text: the flag, the text's length and its NUL.
inline constexpr uint32_t kRichErrorOverhead = 13;
// What a receiver accepts.
inline constexpr unsigned kMaximumDepth = 512;
inline constexpr uint32_t kArrayCountLimit = 1u << 24;

constexpr size_t padded(size_t length) { return (length + 3) & ~size_t{3}; }

}  // namespace xpc
