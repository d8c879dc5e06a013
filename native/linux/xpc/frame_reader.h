// Cuts the received stream into frames. Allocates only for what arrives in pieces, and no more than about twice what
// has arrived, whatever a peer announces.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes.h"
#include "rights.h"
#include "wire.h"

namespace xpc {

// One received frame, valid during the call it is passed to.
struct Frame {
  wire::Header header;
  std::span<const uint8_t> body;
  // The block that holds the body, for frames that arrived in pieces; else null, and the body is borrowed.
  Ref<Bytes> block;
  // The descriptors that came with it, as many as the header says. What is not moved out of them is closed.
  std::span<Descriptor> rights;
};

class FrameReader {
 public:
  enum class Verdict {
    next,
    // Keep the rest of the packet for replay().
    pause,
    // The frame breaks the protocol, or the receiver is gone: read no more.
    stop,
  };

  class Sink {
   public:
    virtual Verdict receive(Frame& frame) = 0;

   protected:
    ~Sink() = default;
  };

  // Where the next packet should go: first into an unfinished body, then into `buffer`, which takes a whole packet.
  // Returns the number of targets.
  size_t prepare(std::span<iovec, 2> targets, std::span<uint8_t> buffer);
  // The descriptors that came with that packet, before its bytes. False when no frame that may carry any begins it.
  bool attach(ReceivedRights rights);
  // Takes the `length` bytes that were received there. The verdict of the last frame, `next` if none was complete.
  Verdict consume(size_t length, std::span<const uint8_t> buffer, Sink& sink);

  // Whether a frame has begun and not ended.
  bool has_part() const { return body_ || header_filled_ > 0; }
  // Whether a pause left bytes unread; they come before any packet.
  bool has_paused() const { return !paused_.empty(); }
  Verdict replay(Sink& sink);

 private:
  Verdict parse(std::span<const uint8_t> bytes, Sink& sink);
  // Each takes bytes off the front of `bytes`.
  Verdict take_whole_frame(std::span<const uint8_t>& bytes, Sink& sink);
  Verdict take_header(std::span<const uint8_t>& bytes, Sink& sink);
  Verdict take_body(std::span<const uint8_t>& bytes, Sink& sink);
  Verdict finish_body(Sink& sink);
  Verdict pass(Frame& frame, Sink& sink);
  void make_room();

  ReceivedRights rights_;     // of the frame that comes next, or is unfinished
  wire::Header header_{};     // of the unfinished frame
  size_t header_filled_ = 0;  // bytes of it that arrived
  Ref<Bytes> body_;           // null unless the header is complete
  size_t body_filled_ = 0;
  size_t direct_ = 0;            // room in body_ that the next packet goes to
  std::vector<uint8_t> paused_;  // received but not parsed
};

}  // namespace xpc
