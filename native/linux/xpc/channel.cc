#include "channel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace xpc {
namespace {

// Room for several packets: the default holds three, and each time it is full costs a wake-up.
constexpr int kSendBufferBytes = 512 * 1024;
// Below this a socket that calls a packet too large is of no use.
constexpr size_t kLeastPacketBytes = 1024;
// A longer packet is likely to be part of a large message.
constexpr size_t kLargePacketBytes = wire::kPacketBytes / 2;
// Packets of one unfinished message that are read in one turn: as many as a full socket buffer holds, and more.
constexpr int kPacketsPerTurn = 16;
// Parts of one packet: a few chunks and large bodies at most.
constexpr size_t kPacketParts = 8;
// Until something is sent again that the system had no room for.
constexpr uint64_t kRetryMilliseconds = 5;
// More than a socket buffer holds, however small the packets are.
constexpr int kDrainPackets = 4096;

// Keeps the delegate while it is called: its handlers may let go of it.
class DelegateHold {
 public:
  explicit DelegateHold(Channel::Delegate& delegate) : delegate_(delegate) { delegate.retain_delegate(); }
  ~DelegateHold() { delegate_.release_delegate(); }
  DelegateHold(const DelegateHold&) = delete;
  DelegateHold& operator=(const DelegateHold&) = delete;

 private:
  Channel::Delegate& delegate_;
};

}  // namespace

Channel::Channel(LoopQueue& queue, Socket socket, wire::Kind hello, Delegate& delegate)
    : queue_(queue), socket_(std::move(socket)), delegate_(&delegate), hello_{{sizeof(wire::Hello), hello, 0, 0}, {}} {}

Ref<Channel> Channel::open(LoopQueue& queue, Socket socket, wire::Kind hello, Delegate& delegate) {
  socket.set_send_buffer(kSendBufferBytes);
  Ref<Channel> channel = Ref<Channel>::adopt(new Channel(queue, std::move(socket), hello, delegate));
  channel->poll_ = LoopHandle<uv_poll_t>::open(queue, channel.get(), [&](uv_poll_t* poll) {
    return uv_poll_init(queue.loop(), poll, channel->socket_.descriptor());
  });
  return channel->poll_ ? std::move(channel) : nullptr;
}

void Channel::release() {
  if (--references_ == 0) delete this;
}

void Channel::set_reading(bool is_reading) {
  is_reading_ = is_reading;
  update_poll();
}

void Channel::set_identified() {
  socket_.set_identifying(false);
  sender_.reset();
  sender_process_ = Descriptor();
}

void Channel::update_poll() {
  const int events = (is_reading_ ? UV_READABLE : 0) | (is_blocked_ && !retry_ ? UV_WRITABLE : 0);
  // Only changes: each costs libuv two system calls.
  if (!poll_ || events == polled_events_) return;
  polled_events_ = events;
  if (events == 0) {
    uv_poll_stop(poll_.get());
    return;
  }
  uv_poll_start(poll_.get(), events, [](uv_poll_t* poll, int status, int fired) {
    static_cast<Channel*>(poll->data)->handle_poll(status, fired);
  });
}

void Channel::handle_poll(int status, int events) {
  const Burst burst(queue_);
  const Ref<Channel> alive(this);
  const DelegateHold hold(*delegate_);
  if (status < 0) {
    // A socket error, that is a peer that went with our bytes unread. libuv has stopped polling; reading fetches the
    // error, and then what the peer had sent.
    polled_events_ = 0;
    if (!is_reading_) {
      break_output();
      return;
    }
    update_poll();
    events = UV_READABLE;
  }
  if ((events & UV_WRITABLE) != 0) {
    is_blocked_ = false;
    delegate_->channel_can_send(*this);
    update_poll();
  }
  if ((events & UV_READABLE) != 0 && is_reading_ && poll_) read_some();
}

bool Channel::read_some() {
  FrameReader::Verdict verdict = reader_.has_paused() ? reader_.replay(*this) : read_packet();
  // More of an unfinished message is mostly there already: polling in between would cost as much as reading it.
  for (int count = 1; count < kPacketsPerTurn && verdict == FrameReader::Verdict::next && reader_.has_part(); ++count) {
    verdict = read_packet();
  }
  if (verdict == FrameReader::Verdict::stop) fail();
  return poll_ && is_reading_ && verdict == FrameReader::Verdict::next;
}

FrameReader::Verdict Channel::read_packet() {
  const std::span<uint8_t> buffer = queue_.receive_buffer();
  std::array<iovec, 2> targets;
  const size_t used = reader_.prepare(targets, buffer);
  Socket::Received received = socket_.receive(std::span(targets).first(used));
  switch (received.status) {
    case Socket::Status::again:
      return FrameReader::Verdict::pause;  // nothing there
    case Socket::Status::reset:
      return FrameReader::Verdict::next;  // only the error was there; data or the end follow
    case Socket::Status::done:
      break;
    default:
      return FrameReader::Verdict::stop;
  }
  if (received.sender) {
    sender_ = received.sender;
    sender_process_ = std::move(received.process);
  }
  if (received.length > kLargePacketBytes) queue_.note_large_packet();
  if (received.is_truncated) return FrameReader::Verdict::stop;
  if (!received.rights.empty() && !reader_.attach(std::move(received.rights))) return FrameReader::Verdict::stop;
  return reader_.consume(received.length, buffer, *this);
}

void Channel::replay() {
  if (!poll_ || !is_reading_ || !reader_.has_paused()) return;
  const Ref<Channel> alive(this);
  const DelegateHold hold(*delegate_);
  read_some();
}

FrameReader::Verdict Channel::receive(Frame& frame) {
  const FrameReader::Verdict verdict = delegate_->channel_did_receive(*this, frame);
  if (!poll_) return FrameReader::Verdict::stop;
  if (verdict == FrameReader::Verdict::next && !is_reading_) return FrameReader::Verdict::pause;
  return verdict;
}

Socket::Status Channel::send(OutputQueue& output) {
  while (!(is_hello_sent_ && output.is_empty())) {
    std::array<iovec, kPacketParts> parts;
    size_t used = 0;
    size_t hello_length = 0;
    if (!is_hello_sent_) {
      hello_length = sizeof hello_;
      parts[used++] = {&hello_, sizeof hello_};
    }
    // A frame that carries descriptors begins a packet, so it does not follow a hello.
    const std::span<const int> rights = output.rights();
    if (is_hello_sent_ || rights.empty()) {
      used += output.gather(std::span(parts).subspan(used), packet_limit_ - hello_length);
    }
    size_t length = 0;
    for (size_t index = 0; index < used; ++index) length += parts[index].iov_len;
    const Socket::Status status =
        socket_.send(std::span(parts).first(used), is_hello_sent_ ? rights : std::span<const int>());
    if (status == Socket::Status::done) {
      is_hello_sent_ = true;
      output.consume(length - hello_length);
      continue;
    }
    if (status != Socket::Status::too_large || packet_limit_ / 2 < kLeastPacketBytes) return status;
    packet_limit_ /= 2;
  }
  return Socket::Status::done;
}

void Channel::flush(OutputQueue& output) {
  if (!poll_ || is_blocked_ || is_broken_) return;
  if (output.unsent_bytes() > kLargePacketBytes) queue_.note_large_packet();
  switch (send(output)) {
    case Socket::Status::done:
      return;
    case Socket::Status::again:
      is_blocked_ = true;
      update_poll();
      return;
    case Socket::Status::exhausted:
      retry_later();
      return;
    default:
      break_output();
  }
}

void Channel::retry_later() {
  is_blocked_ = true;
  retry_ = LoopHandle<uv_timer_t>::open(queue_, this,
                                        [&](uv_timer_t* timer) { return uv_timer_init(queue_.loop(), timer); });
  uv_timer_start(
      retry_.get(),
      [](uv_timer_t* timer) {
        auto* channel = static_cast<Channel*>(timer->data);
        channel->retry_.close();
        channel->handle_poll(0, UV_WRITABLE);
      },
      kRetryMilliseconds, 0);
  update_poll();
}

void Channel::break_output() {
  is_broken_ = true;
  is_blocked_ = false;
  retry_.close();
  update_poll();
  delegate_->channel_did_break(*this);
}

void Channel::drain() {
  if (!poll_) return;
  const Ref<Channel> alive(this);
  const DelegateHold hold(*delegate_);
  // Bounded: a peer that only closed its ear could go on talking for ever.
  for (int count = 0; count < kDrainPackets && read_some(); ++count) {
  }
  // A pause keeps the rest for later; else the peer has nothing more to say, whether or not it closed its end.
  if (poll_ && is_reading_) fail();
}

void Channel::fail() {
  // The delegate closes: it knows whether another thread is about to send.
  if (poll_) delegate_->channel_did_close(*this);
}

void Channel::close() {
  if (!poll_) return;
  retry_.close();
  poll_.close();  // before the descriptor, whose number another thread may get next
  socket_ = Socket();
  delegate_ = nullptr;
}

}  // namespace xpc
