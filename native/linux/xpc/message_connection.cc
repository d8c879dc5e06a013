#include "message_connection.h"

#include <cstring>

#include "decoder.h"
#include "misuse.h"

namespace xpc {
namespace {

// A peer with more unsent bytes than the first stops reading until there are fewer than the second.
constexpr size_t kHighWaterBytes = 16 * 1024 * 1024;
constexpr size_t kLowWaterBytes = 4 * 1024 * 1024;

}  // namespace

MessageConnection& MessageConnection::from(xpc_connection_t connection) {
  Connection* base = Connection::from(connection);
  if (base->kind() == Kind::listener) misuse("a listener takes no messages");
  return static_cast<MessageConnection&>(*base);
}

// --- Sending.

void MessageConnection::send(Dictionary& message) {
  if (message.is_reply()) {
    send_reply(message.take_reply_token(), message);
  } else {
    send_message(message);
  }
}

void MessageConnection::post_send(Dictionary& message) {
  if (message.is_reply()) {
    post([this, token = message.take_reply_token(), sent = OutgoingMessage(message)]() mutable {
      send_reply(std::move(token), sent);
    });
  } else {
    post([this, sent = OutgoingMessage(message)]() mutable { send_message(sent); });
  }
}

void MessageConnection::send_request(Dictionary& message, xpc_handler_t handler) {
  if (message.is_reply()) misuse("a reply cannot ask for a reply");
  ask(message, std::move(handler));
}

void MessageConnection::post_request(Dictionary& message, xpc_handler_t handler) {
  if (message.is_reply()) misuse("a reply cannot ask for a reply");
  post([this, sent = OutgoingMessage(message), handler = std::move(handler)]() mutable {
    ask(sent, std::move(handler));
  });
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
    append(wire::Kind::request, pending_.add(std::move(handler)), message);
  } else {
    failed_.emplace_back(std::move(handler), XPC_ERROR_CONNECTION_INVALID);
    schedule();
  }
}

void MessageConnection::drop_request(uint64_t id, uint32_t generation) {
  if (!channel_ || !is_running() || generation != generation_) return;
  output_.append(wire::Kind::dropped, id, {});
  mark_dirty();
}

void MessageConnection::append(wire::Kind kind, uint64_t id, Dictionary& message) {
  OutgoingMessage::append(output_, kind, id, message);
  did_extend_output();
}

void MessageConnection::append(wire::Kind kind, uint64_t id, OutgoingMessage& message) {
  message.append_to(output_, kind, id);
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
  flush_channel();
  balance();
  if (is_barrier_due()) schedule();
}

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
void MessageConnection::balance() {
  const bool is_congested =
      kind() == Kind::peer && output_.unsent_bytes() > (is_congested_ ? kLowWaterBytes : kHighWaterBytes);
  if (is_congested == is_congested_) return;
  is_congested_ = is_congested;
  channel_->set_reading(is_flowing() && !is_congested_);
  if (!is_congested_) schedule();  // what was held back of the last packet
}

void MessageConnection::send_barrier(dispatch_block_t barrier) {
  barriers_.push_back({output_.appended(), std::move(barrier)});
  if (is_barrier_due()) schedule();
}

bool MessageConnection::is_barrier_due() const {
  return !barriers_.empty() && (!is_usable() || barriers_.front().position <= output_.finished());
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
  if (is_flowing()) mark_dirty();
}

void MessageConnection::drop_channel() {
  if (channel_) channel_->close();
  channel_.reset();
  output_.clear();
}

void MessageConnection::stop() {
  // What was sent before the end leaves, if it can at once: the kernel takes it, as a Mach port would.
  if (channel_ && suspensions() == 0) flush_channel();
  drop_channel();
  fail_pending(XPC_ERROR_CONNECTION_INVALID);
}

void MessageConnection::channel_can_send(Channel&) { flush(); }

void MessageConnection::channel_did_break(Channel&) { schedule(); }

void MessageConnection::channel_did_close(Channel&) {
  drop_channel();
  did_disconnect();
}

void MessageConnection::fail_pending(xpc_object_t error) {
  for (xpc_handler_t& handler : pending_.take_all()) failed_.emplace_back(std::move(handler), error);
  schedule();
}

void MessageConnection::run_due() {
  if (channel_ && is_flowing()) channel_->replay();
  if (channel_ && channel_->is_broken()) {
    output_.clear();
    balance();
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
  pending_.take_all();
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
  const std::optional<xpc_handler_t> handler = pending_.take(frame.header.id);
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
