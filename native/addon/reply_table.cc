#include "reply_table.h"

#include "connection.h"

namespace launchport {

uint32_t ReplyTable::insert(PendingReply pending) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return 0;
  uint32_t& newest = pending.connection->newest_token;
  const uint32_t previous = newest;
  const uint32_t token = entries_.insert(Entry{std::move(pending), previous, 0});
  if (token == 0) return 0;
  if (Entry* entry = entries_.find(previous)) entry->next = token;
  newest = token;
  return token;
}

void ReplyTable::unlink(const Entry& entry) {
  if (Entry* previous = entries_.find(entry.previous)) previous->next = entry.next;
  if (Entry* next = entries_.find(entry.next)) {
    next->previous = entry.previous;
  } else {
    entry.pending.connection->newest_token = entry.previous;
  }
}

std::optional<PendingReply> ReplyTable::take(uint32_t token) {
  const std::lock_guard lock(mutex_);
  std::optional<Entry> entry = entries_.take(token);
  if (!entry.has_value()) return std::nullopt;
  unlink(*entry);
  return std::move(entry->pending);
}

void ReplyTable::remove_all_of(const Connection& connection) {
  std::vector<Entry> removed;  // released after the lock
  const std::lock_guard lock(mutex_);
  for (uint32_t token = connection.newest_token; token != 0;) {
    std::optional<Entry> entry = entries_.take(token);
    if (!entry.has_value()) break;
    token = entry->previous;
    removed.push_back(std::move(*entry));
  }
  if (!removed.empty()) removed.front().pending.connection->newest_token = 0;
}

void ReplyTable::close() {
  std::vector<Entry> removed;  // released after the lock
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  removed = entries_.take_all();
  for (const Entry& entry : removed) entry.pending.connection->newest_token = 0;
}

size_t ReplyTable::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace launchport
