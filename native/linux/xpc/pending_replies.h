// The requests of one connection that wait for their reply.
#pragma once

#include <xpc/xpc.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace xpc {

// Not thread-safe: the connection locks.
class PendingReplies {
 public:
  // The id to send with the request. Never the same twice while the connection lives.
  uint64_t add(xpc_handler_t handler);
  // Nothing when no request with this id waits.
  std::optional<xpc_handler_t> take(uint64_t id);
  // All of them, in the order of their requests.
  std::vector<xpc_handler_t> take_all();

 private:
  struct Slot {
    uint64_t id = 0;  // 0 when free
    xpc_handler_t handler;
  };

  // An id is a serial number and, in its low bits, the index of the slot.
  static constexpr unsigned kIndexBits = 24;
  static constexpr uint64_t kIndexMask = (1u << kIndexBits) - 1;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;  // indexes of free slots
  uint64_t serial_ = 0;
};

}  // namespace xpc
