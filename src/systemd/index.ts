/** launchd jobs as systemd user units, behind the control interface of launchd. Linux with a user manager only. */

export { SystemdControl } from './systemd-control.js';
export type { SystemdControlOptions } from './systemd-options.js';
export { unitStem } from './unit-names.js';
export type { UnitWarning } from './unit-warnings.js';
export { type SystemdUnit, type SystemdUnitOptions, type SystemdUnits, systemdUnits } from './units.js';
