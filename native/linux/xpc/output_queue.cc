#include "output_queue.h"

#include <algorithm>
#include <cstring>

namespace xpc {
namespace {

// Frames that fit are copied into a chunk; so a chunk is a packet.
constexpr size_t kChunkBytes = wire::kPacketBytes;

}  // namespace

uint8_t* OutputQueue::reserve(size_t length) {
  const bool has_room = !segments_.empty() && segments_.back().is_chunk && kChunkBytes - segments_.back().end >= length;
  if (!has_room) {
    Ref<Bytes> chunk = spare_ ? std::move(spare_) : Bytes::allocate(kChunkBytes);
    segments_.push_back({std::move(chunk), 0, 0, true});
  }
  Segment& segment = segments_.back();
  uint8_t* start = segment.block->data() + segment.end;
  segment.end += length;
  appended_ += length;
  return start;
}

void OutputQueue::board(SentRights rights) {
  if (!rights.is_empty()) passengers_.push_back({appended_, std::move(rights)});
}

void OutputQueue::append(wire::Kind kind, uint64_t id, std::span<const uint8_t> body, uint16_t rights) {
  const size_t length = sizeof(wire::Header) + body.size();
  if (length > kChunkBytes) {
    append_shared(kind, id, Bytes::copy(body.data(), body.size()), body.size(), rights);
    return;
  }
  const wire::Header header{static_cast<uint32_t>(body.size()), kind, rights, id};
  uint8_t* target = reserve(length);
  std::memcpy(target, &header, sizeof header);
  if (!body.empty()) std::memcpy(target + sizeof header, body.data(), body.size());
}

void OutputQueue::append_shared(wire::Kind kind, uint64_t id, Ref<Bytes> body, size_t length, uint16_t rights) {
  const wire::Header header{static_cast<uint32_t>(length), kind, rights, id};
  std::memcpy(reserve(sizeof header), &header, sizeof header);
  segments_.push_back({std::move(body), 0, length, false});
  appended_ += length;
}

std::span<const int> OutputQueue::rights() const {
  if (passengers_.empty() || passengers_.front().position != finished_) return {};
  return passengers_.front().rights.descriptors;
}

size_t OutputQueue::bytes_before_rights() const {
  for (const Passengers& passengers : passengers_) {
    if (passengers.position != finished_) return static_cast<size_t>(passengers.position - finished_);
  }
  return SIZE_MAX;
}

size_t OutputQueue::gather(std::span<iovec> parts, size_t limit) const {
  size_t used = 0;
  if (!passengers_.empty()) limit = std::min(limit, bytes_before_rights());
  for (auto segment = segments_.begin(); segment != segments_.end() && used < parts.size() && limit > 0; ++segment) {
    const size_t length = std::min(limit, segment->end - segment->begin);
    parts[used] = {segment->block->data() + segment->begin, length};
    ++used;
    limit -= length;
  }
  return used;
}

void OutputQueue::consume(size_t length) {
  finished_ += length;
  while (!passengers_.empty() && passengers_.front().position < finished_) passengers_.pop_front();
  while (length > 0) {
    Segment& segment = segments_.front();
    const size_t taken = std::min(length, segment.end - segment.begin);
    segment.begin += taken;
    length -= taken;
    if (segment.begin < segment.end) return;
    if (segment.is_chunk && !spare_) spare_ = std::move(segment.block);
    segments_.pop_front();
  }
}

void OutputQueue::clear() {
  segments_.clear();
  passengers_.clear();
  finished_ = appended_;
}

}  // namespace xpc
