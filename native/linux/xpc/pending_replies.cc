#include "pending_replies.h"

#include <algorithm>
#include <utility>

#include "misuse.h"

namespace xpc {

uint64_t PendingReplies::add(xpc_handler_t handler) {
  if (free_.empty()) {
    if (slots_.size() > kIndexMask) misuse("too many requests wait for a reply");
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  const uint64_t id = (++serial_ << kIndexBits) | index;
  slots_[index] = {id, std::move(handler)};
  return id;
}

std::optional<xpc_handler_t> PendingReplies::take(uint64_t id) {
  const uint64_t index = id & kIndexMask;
  if (id == 0 || index >= slots_.size() || slots_[index].id != id) return std::nullopt;
  slots_[index].id = 0;
  free_.push_back(static_cast<uint32_t>(index));
  return std::exchange(slots_[index].handler, nullptr);
}

std::vector<xpc_handler_t> PendingReplies::take_all() {
  std::vector<Slot> slots = std::exchange(slots_, {});
  free_.clear();
  std::sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.id < b.id; });
  std::vector<xpc_handler_t> handlers;
  for (Slot& slot : slots) {
    if (slot.id != 0) handlers.push_back(std::move(slot.handler));
  }
  return handlers;
}

}  // namespace xpc
