/** A supervisor controlled from other processes: its service, and the client of it. */
export { SupervisorClient, type SupervisorClientOptions, type SupervisorInfo } from './client.js';
export { SUPERVISOR_PROTOCOL, SUPERVISOR_SERVICE } from './protocol.js';
export { type ServedSupervisor, SupervisorServer, type SupervisorServerOptions } from './server.js';
