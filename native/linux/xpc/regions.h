// Memory that can be shared with other processes: each region is a mapping of a file that has no name.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "descriptor.h"

namespace xpc {

// `length` rounded up to whole pages; 0 when that overflows.
size_t page_rounded(size_t length);

// The regions of this process. Any thread.
class Regions {
 public:
  struct Region {
    std::shared_ptr<const Descriptor> file;  // of at least `length` bytes, which it can neither lose nor add to
    size_t length;                           // in whole pages
  };

  static Regions& shared();

  // Null and errno on failure.
  void* allocate(size_t length);
  // False when it is none that was allocated.
  bool free(void* start);
  std::optional<Region> find(void* start);

 private:
  std::mutex mutex_;                           // guards regions_
  std::unordered_map<void*, Region> regions_;  // by where they start
};

}  // namespace xpc
