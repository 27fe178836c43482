// Door of the components' set-up.
export { ensureComponents, type ComponentName, type Components } from './components.ts';
export { DEFAULT_KAFKA_VERSION } from './kafka.ts';
export { progressDisplay, type OnProgress } from './progress.ts';
