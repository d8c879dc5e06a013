/** Where messages meet plugins: their lifecycle, and the API server. */
export {
  fromPluginJson,
  type PluginJson,
  ping,
  pluginGet,
  pluginJson,
  pluginList,
  pluginLoad,
  pluginRestart,
  pluginUnload,
  type RemotePlugin,
} from '../compat/index.js';
export { ApiClient, type ApiClientOptions, type ApiServerInfo } from './api-client.js';
export { ApiServer, type ApiServerIdentity, type ApiServerOptions, addPluginRoutes } from './api-server.js';
export type { BootReport, BootResult } from './boot.js';
export {
  BENCH_VARIABLE,
  BundleBench,
  type BundleBenchOptions,
  type BundleJobOptions,
} from './bundle-bench.js';
export { BundleJob, type BundleOutput, exitText } from './bundle-job.js';
export { guardFirstCall, type WatchedJob } from './first-call.js';
export type { SupervisorChoice } from './host-launchd.js';
export {
  type PluginConnectOptions,
  PluginHarness,
  type PluginHarnessOptions,
  type RegisterInstanceOptions,
} from './plugin-harness.js';
export { PluginHost, type PluginHostOptions } from './plugin-host.js';
export { toPluginJson } from './plugin-json.js';
export { apiServerName, pluginStatus } from './plugin-routes.js';
export {
  type ContainerDetails,
  containerDetailsJson,
  type NetworkDetails,
  networkDetailsJson,
  type Problem,
  problemJson,
  type ServerEvent,
  type ServerHealth,
  type StreamedServerEvent,
  serverEventJson,
  serverHealthJson,
  serverProtocol,
} from './server-routes.js';
