#include "trim_timer.h"

#include "block_pool.h"

namespace xpc {
namespace {

// A block is given back after one to two of these without use.
constexpr uint64_t kPeriodMilliseconds = 1000;

}  // namespace

void TrimTimer::start(LoopQueue& queue) {
  if (timer_) return;
  timer_ = LoopHandle<uv_timer_t>::open(queue, this,
                                        [&](uv_timer_t* timer) { return uv_timer_init(queue.loop(), timer); });
  if (!timer_) return;
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* timer) {
        auto* self = static_cast<TrimTimer*>(timer->data);
        if (!BlockPool::shared().trim()) self->timer_.close();
      },
      kPeriodMilliseconds, kPeriodMilliseconds);
}

}  // namespace xpc
