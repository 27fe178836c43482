// Every export is a workflow type.
export { cluster } from './cluster.ts';
export { install, recover, uninstall } from './operations.ts';
export { session } from './session.ts';
