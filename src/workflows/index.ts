// Every export is a workflow type.
export { cluster } from './cluster.ts';
export {
  adopt,
  drain,
  install,
  pause,
  rebalance,
  recover,
  replace,
  restart,
  resume,
  scale,
  uninstall,
  update,
} from './operations.ts';
export { preflight, preview, replacePreview, why } from './questions.ts';
export { session } from './session.ts';
