// Frames that wait to be sent: small ones copied together into chunks, large bodies referenced where they are.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "bytes.h"
#include "rights.h"
#include "wire.h"

namespace xpc {

class OutputQueue {
 public:
  // The next frame that is appended goes with these descriptors, if any; it is to be told their number.
  void board(SentRights rights);
  // Copies the body.
  void append(wire::Kind kind, uint64_t id, std::span<const uint8_t> body, uint16_t rights = 0);
  // References the first `length` bytes of the block, which must not change any more.
  void append_shared(wire::Kind kind, uint64_t id, Ref<Bytes> body, size_t length, uint16_t rights = 0);

  // The descriptors that the next bytes must be sent with, at the start of a packet. Borrowed until consume() or
  // clear().
  std::span<const int> rights() const;
  // The next bytes to send, up to the next frame with descriptors: at most `limit` of them in at most parts.size()
  // parts. Returns the number of parts used.
  size_t gather(std::span<iovec> parts, size_t limit) const;
  // The first `length` bytes are sent.
  void consume(size_t length);
  // Nothing of what waits will be sent.
  void clear();

  bool is_empty() const { return segments_.empty(); }
  size_t unsent_bytes() const { return static_cast<size_t>(appended_ - finished_); }
  // Bytes ever appended, and ever sent or given up. A position in the stream is finished once finished() reaches it.
  uint64_t appended() const { return appended_; }
  uint64_t finished() const { return finished_; }

 private:
  struct Segment {
    Ref<Bytes> block;
    size_t begin;
    size_t end;
    bool is_chunk;  // the block is ours, and what is behind `end` is free
  };

  // Of the frame that begins at the position in the stream.
  struct Passengers {
    uint64_t position;
    SentRights rights;
  };

  uint8_t* reserve(size_t length);
  size_t bytes_before_rights() const;

  std::deque<Segment> segments_;
  std::deque<Passengers> passengers_;  // by position, none that is past
  Ref<Bytes> spare_;                   // an unused chunk
  uint64_t appended_ = 0;
  uint64_t finished_ = 0;
};

}  // namespace xpc
