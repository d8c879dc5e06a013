#include "inbox.h"

#include <algorithm>
#include <utility>

namespace launchport {
namespace {

// Longer texts are cut: they are for logs, and a reason must always fit the inbox.
constexpr size_t kMaxTextBytes = 1024;
// Capacity kept from one burst to the next.
constexpr size_t kKeptBytes = 4 * kBufferBytes;
// What a waiting right counts as: descriptors are few, so about two thousand of them are too much.
constexpr size_t kRightCost = 4096;

}  // namespace

uint8_t* Inbox::reserve(uint32_t kind, uint32_t handle, uint32_t id, size_t body_size) {
  const size_t start = waiting_.bytes.size();
  const size_t size = kRecordHeaderBytes + padded(body_size);
  waiting_.bytes.resize(start + size);
  uint8_t* record = waiting_.bytes.data() + start;
  store_u32(record, static_cast<uint32_t>(size));
  store_u32(record + 4, kind);
  store_u32(record + 8, handle);
  store_u32(record + 12, id);
  return record + kRecordHeaderBytes;
}

bool Inbox::append(Inbound kind, uint32_t handle, uint32_t id, Bytes body) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return false;
  uint8_t* at = reserve(static_cast<uint32_t>(kind), handle, id, body.size());
  if (!body.empty()) std::memcpy(at, body.data(), body.size());
  return is_high();
}

bool Inbox::append_body(Inbound kind, uint32_t handle, uint32_t id, Body body) {
  ReceivedRights rights = body.take_rights();
  uint32_t word = static_cast<uint32_t>(kind);
  if (!rights.entries().empty()) word |= kRecordHasRights;
  const Bytes bytes = body.bytes();
  const std::lock_guard lock(mutex_);
  if (is_closed_) return false;
  if (bytes.size() > kInlineBodyBytes) {
    reserve(word | kRecordIsLarge, handle, id, 0);
    waiting_.cost += bytes.size();
    waiting_.large.push_back(std::move(body));
  } else {
    uint8_t* at = reserve(word, handle, id, bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  }
  if ((word & kRecordHasRights) != 0) {
    waiting_.cost += kRightCost * rights.entries().size();
    waiting_.rights.push_back(std::move(rights));
  }
  return is_high();
}

bool Inbox::append_reason(Inbound kind, uint32_t handle, uint32_t id, Failure failure, std::string_view text) {
  text = text.substr(0, kMaxTextBytes);
  const std::lock_guard lock(mutex_);
  if (is_closed_) return false;
  uint8_t* at = reserve(static_cast<uint32_t>(kind), handle, id, 8 + text.size());
  store_u32(at, static_cast<uint32_t>(failure));
  store_u32(at + 4, static_cast<uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(at + 8, text.data(), text.size());
  return is_high();
}

bool Inbox::append_credentials(Inbound kind, uint32_t handle, uint32_t id, const Credentials& credentials) {
  return append(kind, handle, id, Bytes(reinterpret_cast<const uint8_t*>(&credentials), sizeof credentials));
}

size_t Inbox::take(std::span<uint8_t> target, std::vector<Body>* large) {
  if (taken_offset_ == taken_.bytes.size()) {
    taken_.bytes.clear();
    if (taken_.bytes.capacity() > kKeptBytes) taken_.bytes.shrink_to_fit();
    taken_.large.clear();
    taken_.rights.clear();
    taken_.cost = 0;
    taken_offset_ = 0;
    taken_large_ = 0;
    taken_rights_ = 0;
    const std::lock_guard lock(mutex_);
    std::swap(taken_, waiting_);
  }
  const uint8_t* const start = taken_.bytes.data() + taken_offset_;
  const size_t left = taken_.bytes.size() - taken_offset_;
  size_t size = 0;
  while (size < left) {
    const uint32_t record = load_u32(start + size);
    if (record > target.size() - size) break;
    const uint32_t word = load_u32(start + size + 4);
    if ((word & kRecordIsLarge) != 0) large->push_back(std::move(taken_.large[taken_large_++]));
    if ((word & kRecordHasRights) != 0) taken_.rights[taken_rights_++].hand_over();
    size += record;
  }
  if (size > 0) std::memcpy(target.data(), start, size);
  taken_offset_ += size;
  return size;
}

void Inbox::close() {
  taken_ = {};
  taken_offset_ = 0;
  taken_large_ = 0;
  taken_rights_ = 0;
  Records waiting;  // freed after the lock
  const std::lock_guard lock(mutex_);
  std::swap(waiting, waiting_);
  is_closed_ = true;
}

}  // namespace launchport
