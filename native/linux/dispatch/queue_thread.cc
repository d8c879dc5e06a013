#include "queue_thread.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <thread>

namespace xpc {
namespace {

// What pthread_setname_np takes.
constexpr size_t kLongestThreadName = 15;

// Threads started meanwhile get no signals: those are for threads that have handlers for them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

dispatch_queue_t QueueThread::start(const char* label) {
  auto* const thread = new QueueThread(label != nullptr ? label : "");
  {
    const SignalsBlocked blocked;
    std::thread([thread]() {
      thread->run();
      delete thread;
    }).detach();
  }
  thread->is_ready_.acquire();
  // The thread lives until the reference goes that the caller is about to get.
  return thread->queue_;
}

void QueueThread::run() {
  pthread_setname_np(pthread_self(), label_.substr(0, kLongestThreadName).c_str());
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) std::abort();
  queue_ = LoopQueue::create(&loop, LoopQueue::Thread::owned);
  // Outlives its last reference, for the finalizer.
  const std::shared_ptr<LoopQueue> queue = LoopQueue::from(queue_)->shared_from_this();
  is_ready_.release();
  uv_run(&loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop) != 0) std::abort();
  queue->finalize();
}

}  // namespace xpc
