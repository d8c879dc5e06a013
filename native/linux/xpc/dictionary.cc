#include "dictionary.h"

#include "decoder.h"
#include "encoder.h"
#include "message_connection.h"
#include "misuse.h"

namespace xpc {
namespace {

const Buckets& no_entries() {
  static const Buckets* const empty = new Buckets();  // never destroyed: threads may outlive static objects
  return *empty;
}

}  // namespace

Dictionary::Dictionary() = default;

Dictionary::~Dictionary() { drop_entries(); }

void Dictionary::dispose() { delete this; }

const Buckets& Dictionary::entries() const {
  if (const Buckets* known = entries_.load(std::memory_order_acquire)) return *known;
  if (serialized_.empty()) return no_entries();
  auto parsed = std::make_unique<Buckets>();
  if (!Decoder(serialized_).read_dictionary_document(*parsed)) *parsed = Buckets();
  return *publish(std::move(parsed));
}

Buckets* Dictionary::publish(std::unique_ptr<Buckets> parsed) const {
  Buckets* first = nullptr;
  if (entries_.compare_exchange_strong(first, parsed.get(), std::memory_order_acq_rel)) return parsed.release();
  return first;
}

Buckets& Dictionary::entries_for_change() {
  if (iterations_.load(std::memory_order_relaxed) > 0) misuse("dictionary mutated during iteration");
  entries();
  if (entries_.load(std::memory_order_relaxed) == nullptr) publish(std::make_unique<Buckets>());
  serialized_ = {};
  block_.reset();
  return *entries_.load(std::memory_order_relaxed);
}

bool Dictionary::apply(const xpc_dictionary_applier_t& applier) const {
  const Buckets& content = entries();
  iterations_.fetch_add(1, std::memory_order_relaxed);
  const bool is_complete =
      content.each([&](const Buckets::Entry& entry) { return applier(entry.key.c_str(), entry.value.get()); });
  iterations_.fetch_sub(1, std::memory_order_relaxed);
  return is_complete;
}

void Dictionary::set_serialized(Ref<Bytes> block, size_t length) {
  if (iterations_.load(std::memory_order_relaxed) > 0) misuse("dictionary mutated during iteration");
  drop_entries();
  block_ = std::move(block);
  serialized_ = {block_->data(), length};
}

void Dictionary::borrow_serialized(std::span<const uint8_t> bytes) {
  drop_entries();
  block_.reset();
  serialized_ = bytes;
}

void Dictionary::keep_serialized() {
  if (block_ || serialized_.empty()) return;
  block_ = Bytes::copy(serialized_.data(), serialized_.size());
  serialized_ = {block_->data(), serialized_.size()};
}

Ref<Bytes> Dictionary::serialized_block() {
  keep_serialized();
  return block_;
}

void Dictionary::clear() {
  drop_entries();
  serialized_ = {};
  block_.reset();
  token_ = ReplyToken();
  origin_.reset();
  is_reply_ = false;
}

void Dictionary::set_origin(Ref<MessageConnection> origin, ReplyToken token) {
  origin_ = std::move(origin);
  token_ = std::move(token);
}

Ref<Dictionary> Dictionary::create_reply() {
  if (is_reply_ || !token_) return nullptr;
  Ref<Dictionary> reply = Ref<Dictionary>::adopt(new Dictionary());
  reply->set_origin(origin_, std::move(token_));
  reply->is_reply_ = true;
  return reply;
}

ReplyToken Dictionary::take_reply_token() {
  is_reply_ = false;
  return std::move(token_);
}

bool Dictionary::equals(const Object& other) const {
  const Buckets& mine = entries();
  const Buckets& theirs = static_cast<const Dictionary&>(other).entries();
  return mine.count() == theirs.count() && mine.each([&](const Buckets::Entry& entry) {
    Object* value = theirs.find(entry.key);
    return value != nullptr && xpc_equal(entry.value.get(), value);
  });
}

size_t Dictionary::hash() const {
  size_t result = entries().count();
  entries().each([&](const Buckets::Entry& entry) {
    // Added up, because equal dictionaries may differ in order.
    result += combine_hash(std::hash<std::string>()(entry.key), entry.value->hash());
    return true;
  });
  return result;
}

Ref<Object> Dictionary::copy() {
  Ref<Dictionary> duplicate = Ref<Dictionary>::adopt(new Dictionary());
  if (!serialized_.empty()) {
    duplicate->set_serialized(serialized_block(), serialized_.size());
    return duplicate;
  }
  Buckets& target = duplicate->entries_for_change();
  entries().each([&](const Buckets::Entry& entry) {
    Ref<Object> value = entry.value->copy();
    target.set(entry.key, value ? std::move(value) : entry.value);
    return true;
  });
  return duplicate;
}

void Dictionary::describe(std::string& text) const {
  text += " { count = " + std::to_string(entries().count()) + ", contents =";
  entries().each([&](const Buckets::Entry& entry) {
    text += " \"" + entry.key + "\" => ";
    append_description(*entry.value, text);
    return true;
  });
  text += " }";
}

void Dictionary::encode(Encoder& encoder) const {
  const Buckets& content = entries();
  Encoder::Container container(encoder, TypeWord::dictionary, content.count());
  content.each([&](const Buckets::Entry& entry) {
    if (!container) return false;
    encoder.write_key(entry.key);
    entry.value->encode(encoder);
    return true;
  });
}

}  // namespace xpc
