#include "right_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <optional>

namespace launchport {
namespace {

// Tells these handles from those of channels, which have 31 bits.
constexpr uint32_t kRightBit = 0x8000'0000;

// Of a descriptor that the sender named; empty when it is none.
Object descriptor_object(uint32_t value) {
  return value > INT_MAX ? Object() : Object::adopt(xpc_fd_create(static_cast<int>(value)));
}

}  // namespace

ReceivedRights::~ReceivedRights() {
  for (const RightEntry& entry : entries_) {
    if (entry.kind == Right::descriptor) {
      ::close(static_cast<int>(entry.value));
    } else {
      table_->release(entry.value);
    }
  }
}

uint32_t RightTable::insert(Entry entry) {
  const std::lock_guard lock(mutex_);
  const uint32_t id = is_closed_ ? 0 : entries_.insert(std::move(entry));
  return id == 0 ? 0 : id | kRightBit;
}

uint32_t RightTable::insert_endpoint(Object endpoint) { return insert({std::move(endpoint), nullptr}); }

uint32_t RightTable::insert_memory(std::shared_ptr<SharedMemory> memory) { return insert({{}, std::move(memory)}); }

RightTable::Entry RightTable::find(uint32_t handle) {
  if ((handle & kRightBit) == 0) return {};
  const std::lock_guard lock(mutex_);
  const Entry* found = entries_.find(handle & ~kRightBit);
  return found == nullptr ? Entry() : *found;
}

Object RightTable::find_endpoint(uint32_t handle) { return find(handle).endpoint; }

std::shared_ptr<SharedMemory> RightTable::find_memory(uint32_t handle) { return find(handle).memory; }

bool RightTable::resolve(Bytes table, MessageRights* rights) {
  for (; !table.empty(); table = table.subspan(8)) {
    const auto kind = static_cast<Right>(load_u32(table.data()));
    const uint32_t value = load_u32(table.data() + 4);
    MessageRight right{kind, {}, 0};
    if (kind == Right::descriptor) {
      right.object = descriptor_object(value);
    } else if (kind == Right::endpoint) {
      right.object = find_endpoint(value);
    } else if (kind == Right::memory) {
      if (const std::shared_ptr<SharedMemory> memory = find_memory(value)) {
        right.object = memory->object();
        right.byte_length = memory->byte_length();
      }
    }
    if (!right.object) return false;
    rights->push_back(std::move(right));
  }
  return true;
}

bool RightTable::receive(const MessageRights& rights, ReceivedRights* received) {
  ReceivedRights result(*this);
  for (const MessageRight& right : rights) {
    uint32_t value = 0;
    if (right.kind == Right::descriptor) {
      const int descriptor = xpc_fd_dup(right.object.get());
      if (descriptor < 0) return false;
      // Not every system's XPC does it.
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
      value = static_cast<uint32_t>(descriptor);
    } else {
      value = right.kind == Right::endpoint
                  ? insert_endpoint(right.object)
                  : insert_memory(std::make_shared<SharedMemory>(right.object, right.byte_length));
      if (value == 0) return false;
    }
    result.add({right.kind, value});
  }
  *received = std::move(result);
  return true;
}

void RightTable::release(uint32_t handle) {
  if ((handle & kRightBit) == 0) return;
  std::optional<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    entry = entries_.take(handle & ~kRightBit);
  }
  if (entry.has_value() && entry->memory != nullptr) entry->memory->detach();
}

void RightTable::close() {
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    entries = entries_.take_all();
  }
  for (const Entry& entry : entries) {
    if (entry.memory != nullptr) entry.memory->detach();
  }
}

size_t RightTable::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace launchport
