#include "dispatch_queue.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace launchport {
namespace {

// How long a dying environment waits for handlers to end. None of them waits for JavaScript; so only a connection that
// XPC never finishes could take this long, and the process is to end all the same.
constexpr std::chrono::seconds kLongestEnd(5);

}  // namespace

struct DispatchQueue::State {
  // Set once, before there is a second thread.
  dispatch_queue_t queue = nullptr;
  Drain drain = nullptr;
  void* context = nullptr;

  // JavaScript thread.
  napi_env env = nullptr;
  std::function<void()> closed;

  std::mutex mutex;  // guards the rest; napi's own lock may be taken under it
  std::condition_variable ended;
  napi_threadsafe_function wake = nullptr;  // null once napi lets go of it
  bool is_woken = false;                    // a call is under way that will drain
  bool is_paused = false;                   // the queue is suspended
  bool is_closing = false;                  // the queue may end, and nothing is drained
  bool is_ended = false;                    // nothing is left of the queue

  // Under the mutex. Any thread.
  void call() {
    if (wake == nullptr || is_woken) return;
    is_woken = true;
    // Of a function that is closing nothing may be called any more.
    if (napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking) == napi_closing) wake = nullptr;
  }

  void end();
  void wait_for_end();
  void run_woken();
  void report_closed();
  napi_status create_wake(std::shared_ptr<State>* keep);
};

// --- The queue's end, on any thread.

void DispatchQueue::State::end() {
  const std::lock_guard lock(mutex);
  is_ended = true;
  ended.notify_all();
  call();
}

// --- The JavaScript thread's part.

void DispatchQueue::State::wait_for_end() {
  std::unique_lock lock(mutex);
  ended.wait_for(lock, kLongestEnd, [this]() { return is_ended; });
}

void DispatchQueue::State::report_closed() {
  if (const std::function<void()> report = std::exchange(closed, nullptr)) report();
}

void DispatchQueue::State::run_woken() {
  napi_threadsafe_function finished = nullptr;
  {
    const std::lock_guard lock(mutex);
    is_woken = false;
    if (is_ended) finished = std::exchange(wake, nullptr);
    if (is_closing && !is_ended) return;
  }
  if (finished == nullptr) {
    drain(context);
    return;
  }
  napi_release_threadsafe_function(finished, napi_tsfn_abort);
  report_closed();
}

// `keep` is the function's from now on, if that could be made.
napi_status DispatchQueue::State::create_wake(std::shared_ptr<State>* keep) {
  napi_value name = nullptr;
  napi_create_string_utf8(env, "launchport", NAPI_AUTO_LENGTH, &name);
  return napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, keep,
      [](napi_env, void* data, void*) {
        const std::unique_ptr<std::shared_ptr<State>> owner(static_cast<std::shared_ptr<State>*>(data));
        State& state = **owner;
        bool is_closing = false;
        {
          const std::lock_guard lock(state.mutex);
          state.wake = nullptr;
          is_closing = state.is_closing;
        }
        // The environment ends before the queue has: there is no way back to this thread but to wait here.
        if (!is_closing) return;
        state.wait_for_end();
        state.report_closed();
      },
      keep,
      [](napi_env call_env, napi_value, void* data, void*) {
        // Without an environment the function is being torn down, and the data may be gone.
        if (call_env == nullptr) return;
        const std::shared_ptr<State> state = *static_cast<std::shared_ptr<State>*>(data);
        state->run_woken();
      },
      &wake);
}

DispatchQueue::DispatchQueue(napi_env env, Drain drain, void* context) : state_(std::make_shared<State>()) {
  State& state = *state_;
  state.drain = drain;
  state.context = context;
  state.env = env;
  state.queue = dispatch_queue_create("launchport.port", DISPATCH_QUEUE_SERIAL);
  dispatch_set_context(state.queue, new std::shared_ptr<State>(state_));
  dispatch_set_finalizer_f(state.queue, [](void* data) {
    const std::unique_ptr<std::shared_ptr<State>> owner(static_cast<std::shared_ptr<State>*>(data));
    (*owner)->end();
  });
  auto keep = std::make_unique<std::shared_ptr<State>>(state_);
  if (state.create_wake(keep.get()) != napi_ok) {
    state.wake = nullptr;
    return;
  }
  static_cast<void>(keep.release());
  napi_unref_threadsafe_function(env, state.wake);
}

DispatchQueue::~DispatchQueue() { close({}); }

dispatch_queue_t DispatchQueue::get() const { return state_->queue; }

void DispatchQueue::notify() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->is_closing) state_->call();
}

void DispatchQueue::pause() {
  const std::lock_guard lock(state_->mutex);
  if (state_->is_paused || state_->is_closing || state_->wake == nullptr) return;
  state_->is_paused = true;
  dispatch_suspend(state_->queue);
}

void DispatchQueue::resume() {
  const std::lock_guard lock(state_->mutex);
  if (!std::exchange(state_->is_paused, false)) return;
  dispatch_resume(state_->queue);
}

void DispatchQueue::set_active(bool is_active) {
  const std::lock_guard lock(state_->mutex);
  if (state_->wake == nullptr || state_->is_closing) return;
  if (is_active) {
    napi_ref_threadsafe_function(state_->env, state_->wake);
  } else {
    napi_unref_threadsafe_function(state_->env, state_->wake);
  }
}

void DispatchQueue::close(std::function<void()> closed) {
  State& state = *state_;
  bool has_wake = false;
  {
    const std::lock_guard lock(state.mutex);
    if (std::exchange(state.is_closing, true)) return;
    has_wake = state.wake != nullptr;
    if (has_wake) napi_unref_threadsafe_function(state.env, state.wake);
  }
  state.closed = std::move(closed);
  // A suspended queue must not be released.
  resume();
  dispatch_release(state.queue);
  if (has_wake) return;
  state.wait_for_end();
  state.report_closed();
}

}  // namespace launchport
