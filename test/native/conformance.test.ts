/** The addon keeps the binding contract; on Linux both ways that bodies can take through it, and with threads as on macOS. */
import { existsSync } from 'node:fs';
import { defineConformance } from '../conformance/define.js';
import { addonPath, nativeEnvironment } from './native-environment.js';

const addon = addonPath(existsSync);

if (process.platform === 'linux') {
  defineConformance('Linux addon', () => nativeEnvironment(addon));
  defineConformance('Linux addon, transcoding', () =>
    nativeEnvironment(addon, ['LAUNCHPORT_FORCE_TRANSCODE']),
  );
  defineConformance('Linux addon, dispatch queue', () =>
    nativeEnvironment(addon, ['LAUNCHPORT_DISPATCH_QUEUE']),
  );
  // All that macOS does.
  defineConformance('Linux addon, dispatch queue, transcoding', () =>
    nativeEnvironment(addon, ['LAUNCHPORT_DISPATCH_QUEUE', 'LAUNCHPORT_FORCE_TRANSCODE']),
  );
} else {
  defineConformance(`addon for ${process.platform}`, () => nativeEnvironment(addon), {
    withoutSupervisor: 'launchd alone starts services here',
  });
}
