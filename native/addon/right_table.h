// Endpoints and shared memory that JavaScript has handles of, and the rights of messages on their way to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "handle.h"
#include "message_right.h"
#include "records.h"
#include "shared_memory.h"
#include "slot_table.h"

namespace launchport {

class RightTable;

// One entry of the table of a record.
struct RightEntry {
  Right kind;
  uint32_t value;  // a descriptor, or a handle
};

// The rights of one received message: descriptors and handles, closed unless they are handed over. Any thread.
class ReceivedRights {
 public:
  ReceivedRights() = default;
  explicit ReceivedRights(RightTable& table) : table_(&table) {}
  ReceivedRights(ReceivedRights&& other) noexcept : table_(other.table_), entries_(std::move(other.entries_)) {
    other.entries_.clear();
  }
  ReceivedRights& operator=(ReceivedRights&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(entries_, other.entries_);
    return *this;
  }
  ~ReceivedRights();

  std::span<const RightEntry> entries() const { return entries_; }
  void add(RightEntry entry) { entries_.push_back(entry); }
  // They are somebody else's from now on.
  void hand_over() { entries_.clear(); }

 private:
  RightTable* table_ = nullptr;  // of the port, which outlives its messages; null while empty
  std::vector<RightEntry> entries_;
};

// Handles are disjoint from those of channels. Any thread, unless stated otherwise.
class RightTable {
 public:
  // The new handle; 0 when there are too many, or after `close`.
  uint32_t insert_endpoint(Object endpoint);
  uint32_t insert_memory(std::shared_ptr<SharedMemory> memory);
  // Empty when there is none.
  Object find_endpoint(uint32_t handle);
  std::shared_ptr<SharedMemory> find_memory(uint32_t handle);

  // The objects for a table that JavaScript wrote: pairs of words, see records.ts. False when one names nothing.
  bool resolve(Bytes table, MessageRights* rights);
  // Descriptors and handles for the rights of a received message. False when there cannot be so many.
  bool receive(const MessageRights& rights, ReceivedRights* received);

  // On the JavaScript thread for what JavaScript knows of. Ignores what is no handle.
  void release(uint32_t handle);
  // JavaScript thread: releases all, and takes no more.
  void close();
  size_t size();

 private:
  // Either is set.
  struct Entry {
    Object endpoint;
    std::shared_ptr<SharedMemory> memory;
  };

  uint32_t insert(Entry entry);
  Entry find(uint32_t handle);

  std::mutex mutex_;              // guards the rest; nothing is called under it
  SlotTable<Entry, 20> entries_;
  bool is_closed_ = false;
};

}  // namespace launchport
