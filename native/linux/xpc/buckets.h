// The entries of a dictionary, in the order in which Apple's library keeps and therefore writes them: seven buckets,
// the newest entry first in its bucket.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "object.h"

namespace xpc {

class Buckets {
 public:
  struct Entry {
    std::string key;
    Ref<Object> value;
  };

  // A new or replaced entry goes to the front of its bucket.
  void set(std::string_view key, Ref<Object> value);
  void remove(std::string_view key);
  Object* find(std::string_view key) const;
  size_t count() const { return count_; }

  // Calls visit(entry) until it returns false; false then. The entries must not change meanwhile.
  template <typename Visit>
  bool each(Visit&& visit) const {
    for (const std::list<Entry>& bucket : buckets_) {
      for (const Entry& entry : bucket) {
        if (!visit(entry)) return false;
      }
    }
    return true;
  }

 private:
  static constexpr size_t kBucketCount = 7;
  // Above this many entries a real index is kept, or a peer could make lookups slow at will.
  static constexpr size_t kIndexThreshold = 64;

  using Position = std::list<Entry>::iterator;

  static size_t bucket_of(std::string_view key);
  bool locate(std::string_view key, Position& position);
  void build_index();

  std::array<std::list<Entry>, kBucketCount> buckets_;
  std::unordered_map<std::string_view, Position> index_;  // keys point into the entries; empty when small
  size_t count_ = 0;
};

}  // namespace xpc
