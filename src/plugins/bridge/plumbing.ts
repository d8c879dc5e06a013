/** What makes interfaces: the part of a network that depends on the system, and on what the process may do. */

/** Makes the interface of one host in one network namespace. */
export interface AttachRequest {
  readonly hostname: string;
  readonly mac: string;
  /** `address/prefix`. */
  readonly ipv4Address: string;
  /** `address/prefix`. */
  readonly ipv6Address: string;
  readonly mtu: number | undefined;
  /** What the interface is called in there. */
  readonly interfaceName: string;
  /** The network namespace; stays the caller's. */
  readonly netns: number;
}

/** How it went. */
export interface AttachResult {
  readonly isConnected: boolean;
  /** What is missing, be it all or only a part; for people. */
  readonly reason?: string;
}

/** Makes and removes interfaces. Calls may overlap. */
export interface Plumbing {
  /** @throws routeError when the interface cannot be made; nothing is left of it then */
  attach(request: AttachRequest): Promise<AttachResult>;
  /** Removes the host's interface, if it has one. Never rejects. */
  detach(hostname: string): Promise<void>;
  /** Removes all that was made. Never rejects. */
  close(): Promise<void>;
}

/** Where no interface can be made: says why to whoever wants one. */
export function withoutPlumbing(reason: string): Plumbing {
  return {
    attach: async () => ({ isConnected: false, reason }),
    detach: async () => {},
    close: async () => {},
  };
}
