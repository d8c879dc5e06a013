// Dictionaries, among them every message. One that came from a socket, or goes to one, may stay in its serialized
// form and is parsed when first looked into.
//
// Threads may read one at the same time. Changing it, which moving out the right to answer is too, is for one thread
// while no other reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "buckets.h"
#include "bytes.h"
#include "object.h"
#include "reply_token.h"

namespace xpc {

class MessageConnection;

class Dictionary final : public Object {
 public:
  Dictionary();

  // Content, by key. Borrowed values. A serialized form that turns out malformed reads as no entries.
  const Buckets& entries() const;
  // The same, to be changed: the serialized form is given up. Aborts during an iteration.
  Buckets& entries_for_change();
  bool apply(const xpc_dictionary_applier_t& applier) const;

  // The serialized form, empty when there is none; valid until the dictionary changes or goes.
  std::span<const uint8_t> serialized() const { return serialized_; }
  // Replaces the content by bytes that begin as a serialized dictionary does.
  void set_serialized(Ref<Bytes> block, size_t length);
  // The same, but the bytes are the caller's, who calls keep_serialized or clear before they change.
  void borrow_serialized(std::span<const uint8_t> bytes);
  // Makes borrowed bytes the dictionary's own.
  void keep_serialized();
  // Before a handler's message may go to whoever outlives the handler, or to another thread.
  void share() override { keep_serialized(); }
  // The block that holds the serialized form; what was borrowed is copied first.
  Ref<Bytes> serialized_block();

  // Makes it an empty dictionary of no origin, as new.
  void clear();

  // What a received message knows besides its content: where it came from, and the right to answer it.
  void set_origin(Ref<MessageConnection> origin, ReplyToken token);
  MessageConnection* origin() const { return origin_.get(); }
  // Moves the right to answer into a new, empty dictionary; null when this one has none.
  Ref<Dictionary> create_reply();
  bool is_reply() const { return is_reply_; }
  // A reply's right to answer, which is used up by that.
  ReplyToken take_reply_token();

  xpc_type_t type() const override { return XPC_TYPE_DICTIONARY; }
  bool equals(const Object& other) const override;
  size_t hash() const override;
  Ref<Object> copy() override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  ~Dictionary();
  void dispose() override;

  Buckets* publish(std::unique_ptr<Buckets> parsed) const;
  void drop_entries() { delete entries_.exchange(nullptr, std::memory_order_relaxed); }

  // Owned. Null while only the serialized form exists, or when empty. Whoever parses first publishes.
  mutable std::atomic<Buckets*> entries_{nullptr};
  std::span<const uint8_t> serialized_;       // into block_, or borrowed when block_ is null
  Ref<Bytes> block_;
  Ref<MessageConnection> origin_;  // null for dictionaries made here
  ReplyToken token_;
  bool is_reply_ = false;
  mutable std::atomic<unsigned> iterations_{0};  // running apply() calls
};

}  // namespace xpc
