/** The API server's containers and networks. */
export type { ContainerExit } from './container-entry.js';
export type { ContainersService } from './containers-service.js';
export type { ImageRoots, RootBounds } from './image-roots.js';
export type { NetworksService } from './networks-service.js';
export { RunningApiServer, type StartOptions, startApiServer } from './start-api-server.js';
export { DEFAULT_TIMEOUTS, type Timeouts } from './timeouts.js';
