// What the keeper of listening sockets and its supervisor say to each other: one record of fixed size each way, over
// SOCK_SEQPACKET between processes of one build, one user and one machine. A descriptor travels beside it.
#pragma once

#include <cstdint>

namespace launchport::keeper {

// Its last byte is the version.
inline constexpr uint32_t kMagic = 0x4c504b01;
// A service name has at most 127 bytes.
inline constexpr uint32_t kMaxName = 127;
// Sockets it keeps at most.
inline constexpr uint32_t kCapacity = 4096;
// Connections it serves at the same time; more wait in its own queue.
inline constexpr uint32_t kMaxClients = 4;
// Descriptor of its own listening socket.
inline constexpr int kListener = 3;

enum Operation : uint32_t {
  kHello = 1,   // nothing more than the answer
  kStore = 2,   // name and descriptor; replaces one of that name
  kRemove = 3,  // name; harmless when it has none
  kTake = 4,    // index; the answer carries name and a duplicate, or ENOENT past the last
  kEnd = 5,     // answers, closes everything, removes its own socket and exits
};

struct Record {
  uint32_t magic;
  uint32_t operation;
  int32_t status;      // answers: errno, 0 for success
  uint32_t index;      // kTake
  uint32_t count;      // answers: sockets it has
  int32_t pid;         // answers: the keeper's
  uint64_t tag;        // kStore, and the answer of kTake: whatever the supervisor wants to know of the socket again
  uint32_t name_size;
  uint32_t reserved;
  char name[kMaxName + 1];
};
static_assert(sizeof(Record) == 168);

}  // namespace launchport::keeper
