#include "buckets.h"

#include <cstdint>

namespace xpc {

size_t Buckets::bucket_of(std::string_view key) {
  if (key == XPC_ERROR_KEY_DESCRIPTION) return 0;
  uint64_t hash = 5381;
  for (const char character : key) {
    hash = hash * 33 + static_cast<uint64_t>(static_cast<int64_t>(static_cast<signed char>(character)));
  }
  return hash % kBucketCount;
}

bool Buckets::locate(std::string_view key, Position& position) {
  if (!index_.empty()) {
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    position = found->second;
    return true;
  }
  std::list<Entry>& bucket = buckets_[bucket_of(key)];
  for (position = bucket.begin(); position != bucket.end(); ++position) {
    if (position->key == key) return true;
  }
  return false;
}

void Buckets::set(std::string_view key, Ref<Object> value) {
  std::list<Entry>& bucket = buckets_[bucket_of(key)];
  if (Position position; locate(key, position)) {
    position->value = std::move(value);
    bucket.splice(bucket.begin(), bucket, position);
    return;
  }
  bucket.push_front({std::string(key), std::move(value)});
  ++count_;
  if (!index_.empty()) {
    index_.emplace(bucket.front().key, bucket.begin());
  } else if (count_ > kIndexThreshold) {
    build_index();
  }
}

void Buckets::build_index() {
  for (std::list<Entry>& bucket : buckets_) {
    for (Position position = bucket.begin(); position != bucket.end(); ++position) {
      index_.emplace(position->key, position);
    }
  }
}

void Buckets::remove(std::string_view key) {
  Position position;
  if (!locate(key, position)) return;
  index_.erase(position->key);
  buckets_[bucket_of(key)].erase(position);
  --count_;
}

Object* Buckets::find(std::string_view key) const {
  Position position;
  return const_cast<Buckets*>(this)->locate(key, position) ? position->value.get() : nullptr;
}

}  // namespace xpc
