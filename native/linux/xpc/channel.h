// One connected socket in the loop: frames in, frames out. A client that reconnects gets a new one.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "frame_reader.h"
#include "loop_handle.h"
#include "output_queue.h"
#include "socket.h"

namespace xpc {

class Channel final : private FrameReader::Sink {
 public:
  // All called on the loop's thread, in a burst unless stated otherwise.
  class Delegate {
   public:
    virtual void retain_delegate() = 0;
    virtual void release_delegate() = 0;
    virtual FrameReader::Verdict channel_did_receive(Channel& channel, Frame& frame) = 0;
    // There is room to send again.
    virtual void channel_can_send(Channel& channel) = 0;
    // Sending failed, perhaps within a call of the API: drain() once handlers may run.
    virtual void channel_did_break(Channel& channel) = 0;
    // The peer is gone, or broke the protocol: the channel is to be closed.
    virtual void channel_did_close(Channel& channel) = 0;

   protected:
    ~Delegate() = default;
  };

  // Sends `hello` before anything else. The delegate must close the channel before it goes. Reads nothing until told.
  static Ref<Channel> open(LoopQueue& queue, Socket socket, wire::Kind hello, Delegate& delegate);

  void retain() { ++references_; }
  void release();

  // Whether frames are delivered.
  void set_reading(bool is_reading);
  // Delivers what a pause held back. In a burst.
  void replay();
  // Sends as much as the socket takes, and the rest once it takes more.
  void flush(OutputQueue& output);
  // Any thread, while nobody else sends or closes: the same, but of what is left somebody else has to think. `done`
  // when nothing is.
  Socket::Status send(OutputQueue& output);
  // Whether `send` may be tried.
  bool is_ready() const { return poll_ && is_hello_sent_ && !is_blocked_ && !is_broken_; }
  // Delivers what can still be read of a peer that is gone, then closes.
  void drain();
  // No callback runs from now on.
  void close();

  bool is_broken() const { return is_broken_; }
  // The sender of the last packet; nothing once set_identified was called.
  const std::optional<Credentials>& sender() const { return sender_; }
  // A pidfd of it, when the socket was asked for that and the kernel gave one.
  const Descriptor& sender_process() const { return sender_process_; }
  void set_identified();

 private:
  Channel(LoopQueue& queue, Socket socket, wire::Kind hello, Delegate& delegate);
  ~Channel() = default;

  FrameReader::Verdict receive(Frame& frame) override;
  void update_poll();
  void handle_poll(int status, int events);
  // Reads what a pause held back, or else a packet. False when there is nothing more for now, or ever.
  bool read_some();
  FrameReader::Verdict read_packet();
  void break_output();
  void retry_later();
  void fail();

  // All on the loop's thread, but for what `send` uses.
  LoopQueue& queue_;
  Socket socket_;
  LoopHandle<uv_poll_t> poll_;  // empty when closed
  Delegate* delegate_;          // null when closed
  FrameReader reader_;
  struct {
    wire::Header header;
    wire::Hello body;
  } hello_;
  bool is_hello_sent_ = false;
  bool is_reading_ = false;
  bool is_blocked_ = false;  // the socket takes no more for now
  LoopHandle<uv_timer_t> retry_;  // running when blocked by what polling does not tell the end of
  int polled_events_ = 0;    // what poll_ waits for
  bool is_broken_ = false;   // nothing can be sent any more
  size_t packet_limit_ = wire::kPacketBytes;
  std::optional<Credentials> sender_;
  Descriptor sender_process_;
  uint32_t references_ = 1;
};

}  // namespace xpc
