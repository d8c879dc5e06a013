// How messages share a socket. The socket carries packets (SOCK_SEQPACKET), but the bytes in them form one stream
// of frames: small frames share a packet, large ones span several. A frame is a header and a body; the body of a
// message is its XPC serialization. The first frame each way is a hello.
//
// A message may carry descriptors (SCM_RIGHTS): its frame begins a packet, which they come with, and its header says
// how many they are. Other frames may follow in that packet, but none that carries any.
#pragma once

#include <xpc/loop.h>

#include <cstddef>
#include <cstdint>

namespace xpc::wire {

enum class Kind : uint16_t {
  client_hello = 1,
  service_hello = 2,
  // One-way; id 0.
  message = 3,
  // Wants a reply; the sender chose the id.
  request = 4,
  // Answers the request `id` of the other side.
  reply = 5,
  // The request `id` of the other side was let go unanswered. No body.
  dropped = 6,
};

struct Header {
  uint32_t length;  // of the body, in bytes
  Kind kind;
  uint16_t rights;  // number of descriptors
  uint64_t id;
};
static_assert(sizeof(Header) == 16);

// The body of a hello.
struct Hello {
  uint32_t magic = 0x7470636c;  // "lcpt"
  uint32_t version = 1;

  bool operator==(const Hello&) const = default;
};
static_assert(sizeof(Hello) == 8);

// What a client sends to an endpoint, with its one descriptor: a socket to talk by.
struct Knock {
  Header header{sizeof(Hello), Kind::client_hello, 1, 0};
  Hello hello;
};
static_assert(sizeof(Knock) == 24);

// Descriptors of one message: as many as the kernel passes with a packet (SCM_MAX_FD).
inline constexpr size_t kMostRights = 253;

// No packet is longer. Stays below what the default socket buffer takes in one piece, and below the size from which
// the kernel would need contiguous memory.
inline constexpr size_t kPacketBytes = 64 * 1024;

// What this side accepts in a header, before any byte of the body, when so many descriptors came with it.
constexpr bool is_acceptable(const Header& header, size_t rights) {
  if (header.rights != rights) return false;
  switch (header.kind) {
    case Kind::client_hello:
    case Kind::service_hello:
      return header.length == sizeof(Hello) && rights == 0;
    case Kind::dropped:
      return header.length == 0 && rights == 0;
    case Kind::message:
    case Kind::request:
    case Kind::reply:
      return header.length <= XPC_LOOP_MESSAGE_LIMIT;
  }
  return false;
}

}  // namespace xpc::wire
