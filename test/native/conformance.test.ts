/** The addon keeps the binding contract; on Linux both ways that bodies can take through it. */
import { existsSync } from 'node:fs';
import { defineConformance } from '../conformance/define.js';
import { addonPath, nativeEnvironment } from './native-environment.js';

const addon = addonPath(existsSync);

if (process.platform === 'linux') {
  defineConformance('Linux addon', () => nativeEnvironment(addon));
  defineConformance('Linux addon, transcoding', () => nativeEnvironment(addon, true));
} else {
  defineConformance(`addon for ${process.platform}`, () => nativeEnvironment(addon), {
    withoutSupervisor: 'launchd alone starts services here',
  });
}
