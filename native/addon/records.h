// The layout of records and the codes in them: the C++ side of src/native/records.ts, which is the contract.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace launchport {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

inline constexpr uint32_t kBindingVersion = 4;

using Bytes = std::span<const uint8_t>;

// Length, kind, handle, id.
inline constexpr size_t kRecordHeaderBytes = 16;
inline constexpr uint32_t kRecordIsLarge = 0x8000'0000;
// The body begins with a table of rights.
inline constexpr uint32_t kRecordHasRights = 0x4000'0000;
inline constexpr size_t kMaxRights = 253;
inline constexpr uint64_t kMaxMemoryBytes = uint64_t{1} << 32;

// Size of the outbox and of the inbox, in bytes.
inline constexpr size_t kBufferBytes = 256 * 1024;
// A longer inbound body travels in a buffer of its own.
inline constexpr size_t kInlineBodyBytes = 64 * 1024;
// Longest body that is sent or delivered; leaves room for the transport's own headers below 64 MiB.
inline constexpr size_t kMaxBodyBytes = 64 * 1024 * 1024 - 4096;

enum class Outbound : uint32_t { message = 1, request = 2, reply = 3 };

enum class Inbound : uint32_t {
  message = 1,
  request = 2,
  reply = 3,
  request_failed = 4,
  event = 5,
  peer = 6,
  peer_refused = 7,
};

enum class Failure : uint32_t {
  none = 0,
  interrupted = 1,
  invalid = 2,
  peer_requirement = 3,
  queue_full = 4,
  too_large = 5,
  malformed = 6,
};

enum class Event : uint32_t {
  interrupted = 1,
  invalid = 2,
  termination_imminent = 3,
  congested = 4,
  drained = 5,
  dropped = 6,
  sent = 7,
};

enum class Right : uint32_t { descriptor = 1, memory = 2, endpoint = 3 };

enum class Refusal : uint32_t { user = 1, group = 2, executable = 3, code = 4 };

// Who is at the other end; all ones while unknown, and where the system has no such thing.
struct Credentials {
  uint32_t pid = UINT32_MAX;
  uint32_t euid = UINT32_MAX;
  uint32_t egid = UINT32_MAX;
  uint32_t asid = UINT32_MAX;
  std::array<uint32_t, 8> token = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                   UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
};
static_assert(sizeof(Credentials) == 48);

inline uint32_t load_u32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline uint64_t load_u64(const uint8_t* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline void store_u32(uint8_t* at, uint32_t value) { std::memcpy(at, &value, sizeof value); }

inline void store_u64(uint8_t* at, uint64_t value) { std::memcpy(at, &value, sizeof value); }

// Items in a serialization and records in a buffer start at multiples of 4.
inline size_t padded(size_t size) { return (size + 3) & ~size_t{3}; }

}  // namespace launchport
