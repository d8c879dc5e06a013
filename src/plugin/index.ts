/** Plugins on disk: what they declare, where they are found, and how they are registered with launchd. */
export {
  type ArgumentOptions,
  jobArguments,
  type NetworkArguments,
  type NetworkMode,
  type NetworkSettings,
  networkArguments,
  type RuntimeArguments,
  runtimeArguments,
} from './arguments.js';
export { boundedMap } from './bounded-map.js';
export {
  APP_LAYOUT,
  type BundleLayout,
  DIRECTORY_LAYOUT,
  LAYOUTS,
  type LoadedBundle,
  loadBundle,
} from './bundle.js';
export {
  CONFIG_FORMATS,
  type ConfigFormat,
  hasService,
  isCliPlugin,
  type LayoutKind,
  type Plugin,
  type PluginConfig,
  type PluginService,
  SERVICE_TYPES,
  type ServicesConfig,
  type ServiceType,
} from './config.js';
export { type ConfigFile, MAX_CONFIG_BYTES, parseConfig, readConfigFile } from './config-file.js';
export type { CheckedConfig } from './config-schema.js';
export {
  type DiagnosticCode,
  type DiagnosticSeverity,
  logDiagnostics,
  type PluginDiagnostic,
} from './diagnostic.js';
export { type CatalogOptions, type LookupResult, PluginCatalog, type ScanResult } from './discovery.js';
export { filterEnvironment, jobEnvironment, PASSED_VARIABLES } from './environment.js';
export { type PluginJob, pluginJobDefinition } from './job-definition.js';
export {
  API_SERVER_NAME,
  assertContainerId,
  assertNetworkName,
  assertNoCollision,
  assertPluginName,
  DEFAULT_PREFIX,
  launchdLabel,
  machService,
  machServiceName,
  machServices,
  type NameClaim,
} from './naming.js';
export {
  CONFIGURATION_VARIABLE,
  type PluginSettings,
  pluginSettingsFiles,
  readPluginSettings,
} from './plugin-settings.js';
export type { RegistrationOutcome } from './register-job.js';
export {
  PluginRegistrar,
  type RegisterOptions,
  type RegistrarOptions,
  type Registration,
  type RegistrationSubject,
} from './registration.js';
export {
  type InstanceOptions,
  type JobContext,
  type JobOptions,
  type JobPlan,
  planJob,
  type RegistrationKind,
} from './registration-plan.js';
export {
  defaultInstallRoot,
  type PluginDirectoryOptions,
  pluginDirectories,
  type RootOptions,
  type Roots,
  resolvePath,
  resolveRoots,
} from './roots.js';
export { type FileIdentity, type RegistrationRecord, RegistrationStore } from './state.js';
