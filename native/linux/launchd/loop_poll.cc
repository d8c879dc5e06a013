#include "loop_poll.h"

#include <utility>

namespace launchport {

std::unique_ptr<LoopPoll> LoopPoll::start(std::shared_ptr<Environment> environment, int descriptor,
                                          std::function<void()> ready, int* error) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(environment->env(), &loop);
  auto handle = std::make_unique<Handle>();
  handle->environment = std::move(environment);
  handle->ready = std::move(ready);
  handle->poll.data = handle.get();
  int status = uv_poll_init(loop, &handle->poll, descriptor);
  if (status != 0) {
    *error = -status;
    return nullptr;
  }
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->poll));
  status = uv_poll_start(&handle->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
    // The callback may end the watch, and with it itself.
    const std::function<void()> ready = static_cast<Handle*>(poll->data)->ready;
    ready();
  });
  if (status != 0) {
    *error = -status;
    release(handle.release());
    return nullptr;
  }
  return std::unique_ptr<LoopPoll>(new LoopPoll(handle.release()));
}

LoopPoll::~LoopPoll() { release(handle_); }

void LoopPoll::release(Handle* handle) {
  handle->environment->close_begins();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll), [](uv_handle_t* closed) {
    const std::unique_ptr<Handle> handle(static_cast<Handle*>(closed->data));
    handle->environment->close_ends();
  });
}

void LoopPoll::set_active(bool is_active) {
  auto* const handle = reinterpret_cast<uv_handle_t*>(&handle_->poll);
  if (is_active) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

}  // namespace launchport
