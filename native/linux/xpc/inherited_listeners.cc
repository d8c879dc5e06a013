#include "inherited_listeners.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace xpc {
namespace {

constexpr int kFirstDescriptor = 3;
constexpr int kMaximumCount = 1024;

std::optional<int> read_number(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const char* end = text + std::strlen(text);
  int value = 0;
  const auto [parsed, error] = std::from_chars(text, end, value);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return value;
}

// Sockets by name, as the environment gave them when first asked for.
class Registry {
 public:
  static Registry& shared() {
    static Registry* const registry = new Registry();  // never destroyed: threads may outlive static objects
    return *registry;
  }

  int take(std::string_view name) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.name != name || entry.is_taken) continue;
      entry.is_taken = true;
      return entry.descriptor;
    }
    return -1;
  }

  void give_back(int descriptor) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.descriptor == descriptor) entry.is_taken = false;
    }
  }

 private:
  struct Entry {
    std::string name;
    int descriptor;
    bool is_taken;
  };

  Registry() {
    // Another pid means that the variables were meant for an ancestor, whose descriptors these are not.
    const std::optional<int> pid = read_number("LISTEN_PID");
    const std::optional<int> count = read_number("LISTEN_FDS");
    const char* names = std::getenv("LISTEN_FDNAMES");
    if (pid != getpid() || !count || *count < 0 || *count > kMaximumCount || names == nullptr) return;
    std::string_view rest = names;
    for (int index = 0; index < *count; ++index) {
      const std::string_view name = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      const int descriptor = kFirstDescriptor + index;
      if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 || name.empty()) continue;
      entries_.push_back({std::string(name), descriptor, false});
    }
  }

  std::mutex mutex_;            // guards which entries are taken
  std::vector<Entry> entries_;  // fixed once constructed
};

}  // namespace

void InheritedListener::prepare() { Registry::shared(); }

InheritedListener InheritedListener::take(std::string_view name) {
  return InheritedListener(Registry::shared().take(name));
}

InheritedListener& InheritedListener::operator=(InheritedListener&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

InheritedListener::~InheritedListener() {
  if (descriptor_ >= 0) Registry::shared().give_back(descriptor_);
}

}  // namespace xpc
