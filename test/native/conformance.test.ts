/** The addon keeps the binding contract; on Linux on both ways through it, as bytes and as objects. */
import { existsSync } from 'node:fs';
import { defineConformance } from '../conformance/define.js';
import { addonPath, nativeEnvironment } from './native-environment.js';

const addon = addonPath(existsSync);

defineConformance(`addon for ${process.platform}`, () => nativeEnvironment(addon), {
  ...(process.platform === 'linux' ? {} : { withoutSupervisor: 'launchd alone starts services here' }),
});
