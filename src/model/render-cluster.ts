// The state of a cluster as Markdown, for the current details of its entity in the Temporal UI.
import type { ClusterState } from './cluster.ts';

/** Status, running operation, session and a table of nodes. */
export function renderCluster(state: ClusterState): string {
  const { operation, session, sessionProblem } = state;
  return [
    `**${state.name}** — ${state.status} · Kafka ${state.spec.kafka.version} · generation ${state.generation}`,
    '',
    `Operation: ${operation ? operation.id : 'none'}`,
    `Mesos session: ${sessionProblem ? sessionProblem.reason : session ? `open with ${session.master} (epoch ${session.epoch})` : 'not yet open'}`,
    '',
    '| node | status | address | task | state of task |',
    '|---|---|---|---|---|',
    ...Object.values(state.nodes).map((node) => {
      const address = node.placement ? `${node.placement.hostname}:${node.placement.port}` : '';
      const status = node.reason === undefined ? node.status : `${node.status} (${node.reason})`;
      const task = node.launches > 0 ? `${node.name}.${node.launches}` : '';
      return `| ${node.name} | ${status} | ${address} | ${task} | ${node.taskState ?? ''} |`;
    }),
  ].join('\n');
}
