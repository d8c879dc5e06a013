/** What the mock has of the newer parts of XPC. */
import type { Capability } from '../binding.js';

/** Code signatures are what it has not. */
export const MOCK_CAPABILITIES: readonly Capability[] = [
  { name: 'peer policy by user and group', since: '', isAvailable: true },
  { name: 'peer policy by executable', since: '', isAvailable: true },
  { name: 'xpc_connection_set_peer_code_signing_requirement', since: '12.0', isAvailable: false },
];
