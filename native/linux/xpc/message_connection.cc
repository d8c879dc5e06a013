#include "message_connection.h"

#include <cstring>

#include "decoder.h"
#include "misuse.h"

namespace xpc {

MessageConnection& MessageConnection::from(xpc_connection_t connection) {
  Connection* base = Connection::from(connection);
  if (base->kind() == Kind::listener) misuse("a listener takes no messages");
  return static_cast<MessageConnection&>(*base);
}

// --- The socket.

bool MessageConnection::open_channel(Socket socket, wire::Kind hello, wire::Kind expected_hello) {
  channel_ = Channel::open(*queue(), std::move(socket), hello, *this);
  if (!channel_) return false;
  ++generation_;
  is_greeted_ = false;
  expected_hello_ = expected_hello;
  update_flow();
  mark_dirty();
  return true;
}

void MessageConnection::update_flow() {
  if (!channel_) return;
  channel_->set_reading(is_flowing() && !is_congested_);
  if (is_flowing()) {
    mark_dirty();
  } else {
    const auto lock = this->lock(output_mutex_);
    outlet_ = nullptr;
  }
}

void MessageConnection::drop_channel() {
  {
    const auto lock = this->lock(output_mutex_);
    outlet_ = nullptr;
    output_.clear();
  }
  if (channel_) channel_->close();
  channel_.reset();
}

void MessageConnection::stop() {
  // What was sent before the end leaves, if it can at once: the kernel takes it, as a Mach port would.
  if (channel_ && suspensions() == 0) {
    const auto lock = this->lock(output_mutex_);
    flush_channel();
  }
  drop_channel();
  fail_pending(XPC_ERROR_CONNECTION_INVALID);
}

void MessageConnection::channel_can_send(Channel&) { flush(); }

void MessageConnection::channel_did_break(Channel&) { schedule(); }

void MessageConnection::channel_did_close(Channel&) {
  drop_channel();
  did_disconnect();
}

std::vector<xpc_handler_t> MessageConnection::take_pending() {
  const auto lock = this->lock(replies_mutex_);
  return pending_.take_all();
}

void MessageConnection::fail_pending(xpc_object_t error) {
  for (xpc_handler_t& handler : take_pending()) failed_.emplace_back(std::move(handler), error);
  schedule();
}

void MessageConnection::run_due() {
  if (channel_ && is_flowing()) channel_->replay();
  if (channel_ && channel_->is_broken()) {
    {
      const auto lock = this->lock(output_mutex_);
      outlet_ = nullptr;
      output_.clear();
    }
    balance(0);
    channel_->drain();
  }
  for (auto& [handler, error] : std::exchange(failed_, {})) {
    if (queue() != nullptr) call(handler, error);
  }
  run_barriers();
}

void MessageConnection::run_barriers() {
  // A barrier that a barrier sends waits for the next round, or the loop might never poll again.
  for (size_t count = barriers_.size(); count > 0 && queue() != nullptr && is_barrier_due(); --count) {
    const dispatch_block_t block = std::move(barriers_.front().block);
    barriers_.pop_front();
    queue()->begin_handler();
    block();
  }
  if (is_barrier_due()) schedule();
}

void MessageConnection::forget_handlers() {
  take_pending();
  failed_.clear();
  barriers_.clear();
  spare_.reset();
}

// --- Receiving.

FrameReader::Verdict MessageConnection::channel_did_receive(Channel& channel, Frame& frame) {
  if (!is_greeted_) return receive_hello(channel, frame);
  switch (frame.header.kind) {
    case wire::Kind::message:
    case wire::Kind::request:
      return receive_message(frame);
    case wire::Kind::reply:
    case wire::Kind::dropped:
      return receive_reply(frame);
    default:
      return FrameReader::Verdict::stop;
  }
}

FrameReader::Verdict MessageConnection::receive_hello(Channel& channel, const Frame& frame) {
  wire::Hello hello;
  if (frame.header.kind != expected_hello_) return FrameReader::Verdict::stop;
  std::memcpy(&hello, frame.body.data(), sizeof hello);
  if (hello != wire::Hello{} || !accept_hello(channel)) return FrameReader::Verdict::stop;
  channel.set_identified();
  is_greeted_ = true;
  if (waits_for_hello()) mark_dirty();
  return FrameReader::Verdict::next;
}

FrameReader::Verdict MessageConnection::receive_message(Frame& frame) {
  Ref<Dictionary> message = make_message(frame);
  if (!message) return FrameReader::Verdict::stop;
  const bool is_request = frame.header.kind == wire::Kind::request;
  const Ref<MessageConnection> self(this);
  message->set_origin(self, is_request ? ReplyToken(self, frame.header.id, generation_) : ReplyToken());
  deliver(message.get());
  recycle(std::move(message));
  return FrameReader::Verdict::next;
}

FrameReader::Verdict MessageConnection::receive_reply(Frame& frame) {
  const bool is_dropped = frame.header.kind == wire::Kind::dropped;
  Ref<Dictionary> message = is_dropped ? nullptr : make_message(frame);
  if (!is_dropped && !message) return FrameReader::Verdict::stop;
  std::optional<xpc_handler_t> handler;
  {
    const auto lock = this->lock(replies_mutex_);
    handler = pending_.take(frame.header.id);
  }
  if (!handler) return FrameReader::Verdict::stop;
  if (is_dropped) {
    call(*handler, XPC_ERROR_CONNECTION_INTERRUPTED);
    return FrameReader::Verdict::next;
  }
  message->set_origin(Ref<MessageConnection>(this), ReplyToken());
  call(*handler, message.get());
  recycle(std::move(message));
  return FrameReader::Verdict::next;
}

Ref<Dictionary> MessageConnection::make_message(Frame& frame) {
  const bool has_rights = !frame.rights.empty();
  if (!has_rights && !Decoder::is_dictionary(frame.body)) return nullptr;
  Ref<Dictionary> message = spare_ ? std::move(spare_) : Ref<Dictionary>::adopt(new Dictionary());
  if (has_rights) {
    // At once: what stands for a descriptor must be known to, before anybody relies on it.
    Decoder decoder(frame.body, frame.rights);
    if (!decoder.read_dictionary_message(message->entries_for_change())) return nullptr;
  } else if (frame.block) {
    message->set_serialized(std::move(frame.block), frame.body.size());
  } else {
    message->borrow_serialized(frame.body);
  }
  return message;
}

void MessageConnection::recycle(Ref<Dictionary> message) {
  if (message->is_unique()) {
    message->clear();
    spare_ = std::move(message);
  } else {
    message->keep_serialized();
  }
}

}  // namespace xpc
