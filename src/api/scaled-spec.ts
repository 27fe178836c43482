// The present spec of a cluster with other numbers of nodes.
import type { ClusterSpec } from '../model/spec/schema.ts';

/** Without a number of brokers, those named leave and the others stay. */
export function scaledSpec(
  spec: ClusterSpec,
  {
    brokers,
    controllers,
    remove,
  }: {
    brokers?: number | undefined;
    controllers?: number | undefined;
    remove?: readonly string[] | undefined;
  },
): ClusterSpec {
  const count = brokers ?? spec.brokers.count - (remove?.length ?? 0);
  return {
    ...spec,
    brokers: { ...spec.brokers, count },
    controllers: { ...spec.controllers, count: controllers ?? spec.controllers.count },
  };
}
