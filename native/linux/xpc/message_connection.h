// A connection that messages travel on: a client or a peer. Both ends may send, request and reply.
//
// Where the queue has a thread of its own, another thread need not wait for it to send: while the socket may be written
// and no call waits to be made there, it appends to the output and sends that itself, under the output's lock.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "channel.h"
#include "connection.h"
#include "dictionary.h"
#include "outgoing_message.h"
#include "output_queue.h"
#include "pending_replies.h"

namespace xpc {

class MessageConnection : public Connection, private Channel::Delegate {
 public:
  // The connection as one that takes messages; aborts when it is a listener.
  static MessageConnection& from(xpc_connection_t connection);

  // Sends a message, or a reply to the request it was made for.
  void send(Dictionary& message);
  void send_request(Dictionary& message, xpc_handler_t handler);
  // The same for threads other than the loop's: the message is taken as it is now, and leaves at once if it can.
  void post_send(Dictionary& message);
  void post_request(Dictionary& message, xpc_handler_t handler);
  void send_barrier(dispatch_block_t barrier);
  void post_barrier(dispatch_block_t barrier);
  // A request will not be answered. Tells the peer, if it is still the one that asked.
  void drop_request(uint64_t id, uint32_t generation);
  size_t unsent_bytes();

  void flush() final;
  void flush_gathered() final;

 protected:
  using Connection::Connection;
  ~MessageConnection() = default;

  void stop() override;
  void update_flow() final;
  void run_due() override;
  void forget_handlers() final;

  // Something was appended to the output of a running connection.
  virtual void did_append() {}
  // Whether nothing is sent before the other end was greeted and accepted.
  virtual bool waits_for_hello() const { return false; }
  // The first frame of the other end arrived. False when it must not be talked to.
  virtual bool accept_hello(const Channel& channel) = 0;
  // The other end is gone; the channel is closed and pending replies are about to fail.
  virtual void did_disconnect() = 0;

  // Starts talking by a connected socket. False when the loop refuses it.
  bool open_channel(Socket socket, wire::Kind hello, wire::Kind expected_hello);
  bool has_channel() const { return static_cast<bool>(channel_); }
  // Gives up the socket and everything that waits to be sent.
  void drop_channel();
  // The handlers of all requests that wait.
  std::vector<xpc_handler_t> take_pending();
  // Every request that waits gets the error, soon.
  void fail_pending(xpc_object_t error);

 private:
  struct Barrier {
    uint64_t position;  // of the output
    dispatch_block_t block;
  };

  void retain_delegate() final { retain(); }
  void release_delegate() final { release(); }
  FrameReader::Verdict channel_did_receive(Channel& channel, Frame& frame) final;
  void channel_can_send(Channel& channel) final;
  void channel_did_break(Channel& channel) final;
  void channel_did_close(Channel& channel) final;

  // A message is a dictionary, or what one was when it was sent.
  template <typename Message>
  void send_message(Message& message);
  template <typename Message>
  void send_reply(ReplyToken token, Message& message);
  template <typename Message>
  void ask(Message& message, xpc_handler_t handler);
  void append(wire::Kind kind, uint64_t id, Dictionary& message);
  void append(wire::Kind kind, uint64_t id, OutgoingMessage& message);
  void did_extend_output();
  void mark_dirty();
  void flush_channel();
  void balance(size_t unsent_bytes);
  void add_barrier(uint64_t position, dispatch_block_t block);
  void run_barriers();
  bool is_barrier_due();
  // Owns nothing where there is one thread only.
  std::unique_lock<std::mutex> lock(std::mutex& mutex) const;
  // Another thread than the loop's: runs `append` under the output's lock, and sends. False, and nothing is done, when
  // the loop's has to.
  template <typename Append>
  bool bypass_loop(Append append);
  FrameReader::Verdict receive_hello(Channel& channel, const Frame& frame);
  FrameReader::Verdict receive_message(Frame& frame);
  FrameReader::Verdict receive_reply(Frame& frame);
  // Null when the body is not a message, or the descriptors are not what it says.
  Ref<Dictionary> make_message(Frame& frame);
  void recycle(Ref<Dictionary> message);

  // Guards what says so, and writing to the socket. Only replies_mutex_ is taken under it, and nobody is called.
  std::mutex output_mutex_;
  OutputQueue output_;           // output_mutex_
  Channel* outlet_ = nullptr;    // output_mutex_: channel_, while other threads may send by it
  std::mutex replies_mutex_;     // guards pending_; nothing is called or destroyed under it
  PendingReplies pending_;       // replies_mutex_
  bool is_gathered_ = false;     // the gatherer's: the queue's list has this connection

  // All on the loop's thread once active.
  Ref<Channel> channel_;      // null when not connected
  uint32_t generation_ = 0;   // counts channels; changed without outlet, so that whoever finds one may read it
  wire::Kind expected_hello_{};
  bool is_greeted_ = false;  // the other end's hello was read from this channel
  bool is_dirty_ = false;
  bool is_congested_ = false;  // not reading until the other end does
  std::vector<std::pair<xpc_handler_t, xpc_object_t>> failed_;  // reply handlers and the error each is to get
  std::deque<Barrier> barriers_;
  Ref<Dictionary> spare_;  // reused for the next received message, when nobody kept the last
};

}  // namespace xpc
