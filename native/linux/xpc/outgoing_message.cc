#include "outgoing_message.h"

#include <span>
#include <utility>

#include "dictionary.h"
#include "encoder.h"
#include "misuse.h"
#include "wire.h"

namespace xpc {
namespace {

// A serialized body from this size on is sent from where it is; copying a smaller one costs less than a packet of
// its own.
constexpr size_t kSharedBodyBytes = 32 * 1024;

void check_length(size_t length) {
  if (length > XPC_LOOP_MESSAGE_LIMIT) misuse("message longer than the limit");
}

std::vector<uint8_t> encode(Dictionary& message, SentRights& rights) {
  std::vector<uint8_t> encoded;
  const bool is_sendable = Encoder(encoded).write_message(message, rights);
  if (!is_sendable) misuse("message cannot be serialized: too deep, or not sendable");
  check_length(encoded.size());
  if (rights.descriptors.size() > wire::kMostRights) misuse("more descriptors than a message can carry");
  return encoded;
}

void append_encoded(OutputQueue& output, wire::Kind kind, uint64_t id, std::span<const uint8_t> encoded,
                    SentRights rights) {
  const auto count = static_cast<uint16_t>(rights.descriptors.size());
  output.board(std::move(rights));
  output.append(kind, id, encoded, count);
}

void append_block(OutputQueue& output, wire::Kind kind, uint64_t id, Ref<Bytes> block, size_t length) {
  if (length < kSharedBodyBytes) {
    output.append(kind, id, {block->data(), length});
  } else {
    output.append_shared(kind, id, std::move(block), length);
  }
}

}  // namespace

OutgoingMessage::OutgoingMessage(Dictionary& message) : length_(message.serialized().size()) {
  if (length_ == 0) {
    encoded_ = encode(message, rights_);
    return;
  }
  check_length(length_);
  block_ = message.serialized_block();
}

void OutgoingMessage::append_to(OutputQueue& output, wire::Kind kind, uint64_t id) {
  if (block_) {
    append_block(output, kind, id, std::move(block_), length_);
  } else {
    append_encoded(output, kind, id, encoded_, std::move(rights_));
  }
}

void OutgoingMessage::append(OutputQueue& output, wire::Kind kind, uint64_t id, Dictionary& message) {
  const std::span<const uint8_t> body = message.serialized();
  if (body.empty()) {
    SentRights rights;
    const std::vector<uint8_t> encoded = encode(message, rights);
    append_encoded(output, kind, id, encoded, std::move(rights));
    return;
  }
  check_length(body.size());
  // Even when the bytes are borrowed: they are copied, if small.
  if (body.size() < kSharedBodyBytes) {
    output.append(kind, id, body);
  } else {
    output.append_shared(kind, id, message.serialized_block(), body.size());
  }
}

}  // namespace xpc
