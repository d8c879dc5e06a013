// A table that names its entries by small integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace launchport {

// Ids are never 0, fit 31 bits, and carry a generation, so an id of an entry that is gone does not name its
// successor. A free slot rests until kRestingSlots others are free too. Not thread-safe: the owner locks.
template <typename T, unsigned kIndexBits>
class SlotTable {
 public:
  // The id of the new entry; 0 when the table is full.
  uint32_t insert(T value) {
    size_t index = slots_.size();
    if (free_.size() > kRestingSlots || (index >= kCapacity && !free_.empty())) {
      index = free_.front();
      free_.pop_front();
    } else if (index >= kCapacity) {
      return 0;
    } else {
      slots_.emplace_back();
    }
    Slot& slot = slots_[index];
    slot.value.emplace(std::move(value));
    ++size_;
    return id_of(index, slot.generation);
  }

  // Null when there is none. Valid until the next insertion.
  T* find(uint32_t id) {
    const size_t index = id & (kCapacity - 1);
    if (index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    if (!slot.value.has_value() || id_of(index, slot.generation) != id) return nullptr;
    return &*slot.value;
  }

  std::optional<T> take(uint32_t id) {
    T* found = find(id);
    if (found == nullptr) return std::nullopt;
    const size_t index = id & (kCapacity - 1);
    std::optional<T> value = std::move(slots_[index].value);
    slots_[index].value.reset();
    slots_[index].generation = slots_[index].generation % kGenerations + 1;
    free_.push_back(static_cast<uint32_t>(index));
    --size_;
    return value;
  }

  std::vector<T> take_all() {
    std::vector<T> values;
    values.reserve(size_);
    for (size_t index = 0; index < slots_.size(); ++index) {
      if (!slots_[index].value.has_value()) continue;
      values.push_back(std::move(*take(id_of(index, slots_[index].generation))));
    }
    return values;
  }

  // `visit` must not change the table.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.value.has_value()) visit(*slot.value);
    }
  }

  size_t size() const { return size_; }

 private:
  static constexpr size_t kCapacity = size_t{1} << kIndexBits;
  static constexpr uint32_t kGenerations = (uint32_t{1} << (31 - kIndexBits)) - 1;
  static constexpr size_t kRestingSlots = 32;

  struct Slot {
    std::optional<T> value;
    uint32_t generation = 1;  // 1 … kGenerations
  };

  static uint32_t id_of(size_t index, uint32_t generation) {
    return static_cast<uint32_t>(index) | (generation << kIndexBits);
  }

  std::vector<Slot> slots_;
  std::deque<uint32_t> free_;  // longest free first
  size_t size_ = 0;
};

}  // namespace launchport
