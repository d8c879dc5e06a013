// How message bodies become XPC objects and back: by the platform's fast path, or by the transcoder.
#pragma once

#include <xpc/xpc.h>

#include <cstdint>
#include <vector>

#include "handle.h"
#include "records.h"

namespace launchport {

// The bytes of a received message, and what keeps them alive.
class Body {
 public:
  Body() = default;
  // A view of the object's own serialized form.
  Body(Object owner, Bytes bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  explicit Body(std::vector<uint8_t> storage) : storage_(std::move(storage)), bytes_(storage_) {}
  Body(Body&& other) noexcept = default;
  Body& operator=(Body&& other) noexcept = default;

  Bytes bytes() const { return bytes_; }

 private:
  Object owner_;
  std::vector<uint8_t> storage_;
  Bytes bytes_;  // into owner_ or storage_; moving either keeps its bytes in place
};

// Stateless but for its mode, which is set once; safe on any thread.
class Codec {
 public:
  // `is_transcoding` turns the platform's fast path off.
  explicit Codec(bool is_transcoding) : is_transcoding_(is_transcoding) {}

  // The dictionary in `bytes`; empty when malformed. The fast path looks no further than the header.
  Object decode(Bytes bytes) const;
  // Gives a reply its content. False when malformed; the reply is then to be dropped.
  bool fill(xpc_object_t reply, Bytes bytes) const;
  // The serialized form of a received dictionary. False when it has none, or is too long.
  bool encode(xpc_object_t dictionary, Body* body) const;

 private:
  const bool is_transcoding_;
};

}  // namespace launchport
