/** The in-memory mock keeps the binding contract. */
import { defineConformance } from './define.js';
import { mockEnvironment } from './mock-environment.js';

defineConformance('mock', mockEnvironment);
