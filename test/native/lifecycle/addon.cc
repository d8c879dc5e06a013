// Runs one rule by its name: `names()` and `run(name)`, which gives undefined when the rule holds, else what does not.
#include <dirent.h>
#include <node_api.h>
#include <sys/resource.h>

#include <string>
#include <string_view>

#include "rule.h"

namespace lifecycle {

std::vector<Rule>& rules() {
  static std::vector<Rule> all;
  return all;
}

namespace {

int count_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

std::string prove(const Rule& rule) {
  const int before = count_descriptors();
  std::string problem;
  {
    Bench bench;
    rule.prove(bench);
    problem = bench.problem();
  }
  const int after = count_descriptors();
  if (problem.empty() && after != before) {
    problem = std::to_string(before) + " descriptors before, " + std::to_string(after) + " after";
  }
  return problem;
}

napi_value to_string(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value names(napi_env env, napi_callback_info) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  for (uint32_t index = 0; index < rules().size(); ++index) {
    napi_set_element(env, list, index, to_string(env, rules()[index].name));
  }
  return list;
}

napi_value run(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  size_t count = 1;
  char name[128];
  size_t length = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (napi_get_value_string_utf8(env, argument, name, sizeof name, &length) != napi_ok) return nullptr;
  for (const Rule& rule : rules()) {
    if (rule.name != std::string_view(name, length)) continue;
    const std::string problem = prove(rule);
    return problem.empty() ? nullptr : to_string(env, problem);
  }
  return to_string(env, "no such rule");
}

}  // namespace
}  // namespace lifecycle

NAPI_MODULE_INIT() {
  // Some rules end in an abort, and nobody wants its core.
  const rlimit none{};
  setrlimit(RLIMIT_CORE, &none);
  const napi_property_descriptor properties[] = {
      {"names", nullptr, lifecycle::names, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"run", nullptr, lifecycle::run, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 2, properties);
  return exports;
}
