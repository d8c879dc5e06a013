// The sending half of a connection, from the loop's thread and past it.
#include <utility>

#include "message_connection.h"
#include "misuse.h"

namespace xpc {
namespace {

// A peer with more unsent bytes than the first stops reading until there are fewer than the second.
constexpr size_t kHighWaterBytes = 16 * 1024 * 1024;
constexpr size_t kLowWaterBytes = 4 * 1024 * 1024;

}  // namespace

void MessageConnection::send(Dictionary& message) {
  if (message.is_reply()) {
    send_reply(message.take_reply_token(), message);
  } else {
    send_message(message);
  }
}

void MessageConnection::post_send(Dictionary& message) {
  if (message.is_reply()) {
    ReplyToken token = message.take_reply_token();
    if (token.connection() != this) misuse("reply sent on another connection than its request came by");
    const bool is_done = bypass_loop([&]() {
      if (token.generation() != generation_) return;
      OutgoingMessage::append(output_, wire::Kind::reply, token.id(), message);
    });
    if (is_done) {
      token.use();
      return;
    }
    post([this, token = std::move(token), sent = OutgoingMessage(message)]() mutable {
      send_reply(std::move(token), sent);
    });
  } else if (!bypass_loop([&]() { OutgoingMessage::append(output_, wire::Kind::message, 0, message); })) {
    post([this, sent = OutgoingMessage(message)]() mutable { send_message(sent); });
  }
}

void MessageConnection::send_request(Dictionary& message, xpc_handler_t handler) {
  if (message.is_reply()) misuse("a reply cannot ask for a reply");
  ask(message, std::move(handler));
}

void MessageConnection::post_request(Dictionary& message, xpc_handler_t handler) {
  if (message.is_reply()) misuse("a reply cannot ask for a reply");
  const bool is_done = bypass_loop([&]() {
    uint64_t id = 0;
    {
      const auto lock = this->lock(replies_mutex_);
      id = pending_.add(std::move(handler));
    }
    OutgoingMessage::append(output_, wire::Kind::request, id, message);
  });
  if (is_done) return;
  post([this, sent = OutgoingMessage(message), handler = std::move(handler)]() mutable {
    ask(sent, std::move(handler));
  });
}

void MessageConnection::post_barrier(dispatch_block_t barrier) {
  uint64_t position = 0;
  // What is sent later need not wait for the loop to know of the barrier.
  if (bypass_loop([&]() { position = output_.appended(); })) {
    own_queue().post([self = Ref<MessageConnection>(this), position, barrier = std::move(barrier)]() mutable {
      self->add_barrier(position, std::move(barrier));
    });
  } else {
    post([this, barrier = std::move(barrier)]() mutable { send_barrier(std::move(barrier)); });
  }
}

template <typename Append>
bool MessageConnection::bypass_loop(Append append) {
  if (!has_own_thread() || has_posted()) return false;
  {
    const std::lock_guard lock(output_mutex_);
    if (outlet_ == nullptr) return false;
    append();
  }
  if (!own_queue().is_gathering()) {
    flush_gathered();
  } else if (!std::exchange(is_gathered_, true)) {
    own_queue().gather(*this);
  }
  return true;
}

void MessageConnection::flush_gathered() {
  if (own_queue().is_gathering()) is_gathered_ = false;
  {
    const std::lock_guard lock(output_mutex_);
    // Without outlet the loop's thread sends it, or has given it up.
    if (outlet_ == nullptr || outlet_->send(output_) == Socket::Status::done) return;
    outlet_ = nullptr;
  }
  // To find out there what the matter is, and to wait for its end.
  post([this]() { flush(); });
}

std::unique_lock<std::mutex> MessageConnection::lock(std::mutex& mutex) const {
  return has_own_thread() ? std::unique_lock(mutex) : std::unique_lock<std::mutex>();
}

size_t MessageConnection::unsent_bytes() {
  const auto lock = this->lock(output_mutex_);
  return output_.unsent_bytes();
}

template <typename Message>
void MessageConnection::send_message(Message& message) {
  if (is_usable()) append(wire::Kind::message, 0, message);
}

template <typename Message>
void MessageConnection::send_reply(ReplyToken token, Message& message) {
  if (token.connection() != this) misuse("reply sent on another connection than its request came by");
  if (channel_ && is_running() && token.generation() == generation_) append(wire::Kind::reply, token.id(), message);
  token.use();
}

template <typename Message>
void MessageConnection::ask(Message& message, xpc_handler_t handler) {
  if (is_usable()) {
    uint64_t id = 0;
    {
      const auto lock = this->lock(replies_mutex_);
      id = pending_.add(std::move(handler));
    }
    append(wire::Kind::request, id, message);
  } else {
    failed_.emplace_back(std::move(handler), XPC_ERROR_CONNECTION_INVALID);
    schedule();
  }
}

void MessageConnection::drop_request(uint64_t id, uint32_t generation) {
  if (!channel_ || !is_running() || generation != generation_) return;
  {
    const auto lock = this->lock(output_mutex_);
    output_.append(wire::Kind::dropped, id, {});
  }
  mark_dirty();
}

void MessageConnection::append(wire::Kind kind, uint64_t id, Dictionary& message) {
  {
    const auto lock = this->lock(output_mutex_);
    OutgoingMessage::append(output_, kind, id, message);
  }
  did_extend_output();
}

void MessageConnection::append(wire::Kind kind, uint64_t id, OutgoingMessage& message) {
  {
    const auto lock = this->lock(output_mutex_);
    message.append_to(output_, kind, id);
  }
  did_extend_output();
}

void MessageConnection::did_extend_output() {
  mark_dirty();
  if (is_running()) did_append();
}

void MessageConnection::mark_dirty() {
  if (is_dirty_ || !is_running()) return;
  is_dirty_ = true;
  queue()->mark_dirty(*this);
}

void MessageConnection::flush() {
  is_dirty_ = false;
  if (!is_flowing() || !channel_) return;
  size_t unsent = 0;
  {
    const auto lock = this->lock(output_mutex_);
    flush_channel();
    const bool is_open = has_own_thread() && channel_->is_ready() && (is_greeted_ || !waits_for_hello());
    outlet_ = is_open ? channel_.get() : nullptr;
    unsent = output_.unsent_bytes();
  }
  balance(unsent);
  if (is_barrier_due()) schedule();
}

// Under the output's lock.
void MessageConnection::flush_channel() {
  if (is_greeted_ || !waits_for_hello()) {
    channel_->flush(output_);
  } else {
    OutputQueue nothing;
    channel_->flush(nothing);  // only the hello
  }
}

// A client that asks and does not listen must not fill this process. Only a peer stops reading, and a sound client
// never does: so the two cannot wait for each other.
void MessageConnection::balance(size_t unsent_bytes) {
  const bool is_congested = kind() == Kind::peer && unsent_bytes > (is_congested_ ? kLowWaterBytes : kHighWaterBytes);
  if (is_congested == is_congested_) return;
  is_congested_ = is_congested;
  channel_->set_reading(is_flowing() && !is_congested_);
  if (!is_congested_) schedule();  // what was held back of the last packet
}

void MessageConnection::send_barrier(dispatch_block_t barrier) {
  uint64_t position = 0;
  {
    const auto lock = this->lock(output_mutex_);
    position = output_.appended();
  }
  add_barrier(position, std::move(barrier));
}

void MessageConnection::add_barrier(uint64_t position, dispatch_block_t block) {
  barriers_.push_back({position, std::move(block)});
  if (is_barrier_due()) {
    schedule();
  } else {
    mark_dirty();  // what another thread is still gathering leaves now
  }
}

bool MessageConnection::is_barrier_due() {
  if (barriers_.empty()) return false;
  if (!is_usable()) return true;
  const auto lock = this->lock(output_mutex_);
  return barriers_.front().position <= output_.finished();
}

}  // namespace xpc
