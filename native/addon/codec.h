// How message bodies become XPC objects and back: by the platform's fast path, or by the transcoder.
#pragma once

#include <xpc/xpc.h>

#include <cstdint>
#include <vector>

#include "handle.h"
#include "outbox.h"
#include "records.h"
#include "right_table.h"

namespace launchport {

// The bytes of a received message, and what keeps them alive. With rights they begin with the table of records.ts.
class Body {
 public:
  Body() = default;
  // A view of the object's own serialized form. Without an owner it is valid while the object's handler runs.
  Body(Object owner, Bytes bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  explicit Body(std::vector<uint8_t> storage, ReceivedRights rights = {})
      : storage_(std::move(storage)), bytes_(storage_), rights_(std::move(rights)) {}
  Body(Body&& other) noexcept = default;
  Body& operator=(Body&& other) noexcept = default;

  Bytes bytes() const { return bytes_; }
  // What the table names; the caller's from now on.
  ReceivedRights take_rights() { return std::move(rights_); }

 private:
  Object owner_;
  std::vector<uint8_t> storage_;
  Bytes bytes_;  // into owner_ or storage_; moving either keeps its bytes in place
  ReceivedRights rights_;
};

// Has no state but its mode, which is set once; safe on any thread.
class Codec {
 public:
  // `is_transcoding` turns the platform's fast path off; messages with rights never take it.
  Codec(bool is_transcoding, RightTable& rights) : is_transcoding_(is_transcoding), rights_(rights) {}

  // The dictionary in `payload`; empty when malformed. The fast path looks no further than the header.
  Object decode(const Payload& payload) const;
  // Gives a reply its content. False when malformed; the reply is then to be dropped.
  bool fill(xpc_object_t reply, const Payload& payload) const;
  // The serialized form of a received dictionary. False when it has none, is too long, or there are too many rights.
  bool encode(xpc_object_t dictionary, Body* body) const;

 private:
  const bool is_transcoding_;
  RightTable& rights_;  // of the port
};

}  // namespace launchport
