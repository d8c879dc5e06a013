// Records on their way to JavaScript.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "codec.h"
#include "records.h"

namespace launchport {

// Handlers append, the JavaScript thread takes. Whoever appends must notify the queue afterwards.
class Inbox {
 public:
  // Above this many waiting bytes `append` asks for a pause.
  static constexpr size_t kHighWater = 8 * 1024 * 1024;

  // Any thread. True when too much waits: the caller should pause the queue.
  bool append(Inbound kind, uint32_t handle, uint32_t id, Bytes body);
  // Any thread. Inline when short, else the body travels as a buffer of its own. Its rights are closed unless they
  // are taken.
  bool append_body(Inbound kind, uint32_t handle, uint32_t id, Body body);
  bool append_reason(Inbound kind, uint32_t handle, uint32_t id, Failure failure, std::string_view text);
  bool append_credentials(Inbound kind, uint32_t handle, uint32_t id, const Credentials& credentials);

  // JavaScript thread. Copies as many whole records as fit into `target`, and moves their large bodies to `large`.
  // The number of bytes copied; 0 when nothing waits.
  size_t take(std::span<uint8_t> target, std::vector<Body>* large);
  // JavaScript thread: forgets everything, and what is appended from now on.
  void close();

 private:
  struct Records {
    std::vector<uint8_t> bytes;
    std::vector<Body> large;             // in the order of the records flagged as large
    std::vector<ReceivedRights> rights;  // in the order of the records flagged as having some
    size_t cost = 0;                     // in bytes, of what is not in `bytes`
  };

  uint8_t* reserve(uint32_t kind, uint32_t handle, uint32_t id, size_t body_size);
  bool is_high() const { return waiting_.bytes.size() + waiting_.cost > kHighWater; }

  std::mutex mutex_;  // guards waiting_ and is_closed_; taken last, nothing is called under it
  bool is_closed_ = false;
  Records waiting_;
  Records taken_;            // JavaScript thread
  size_t taken_offset_ = 0;  // JavaScript thread: next record in taken_
  size_t taken_large_ = 0;   // JavaScript thread: next body in taken_
  size_t taken_rights_ = 0;  // JavaScript thread: next rights in taken_
};

}  // namespace launchport
