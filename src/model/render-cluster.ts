// The state of a cluster as Markdown, for the current details of its entity in the Temporal UI.
import { newestTask, type ClusterState, type NodeState } from './cluster.ts';
import { runningOperations } from './entity.ts';
import { fitDetails, tableCell } from './details.ts';

/** Status, running operation, session and a table of nodes. */
export function renderCluster(state: ClusterState): string {
  const { session, sessionProblem } = state;
  const running = runningOperations(state);
  return fitDetails({
    head: [
      `**${state.name}** — ${state.status} · Kafka ${state.spec.kafka.version} · generation ${state.generation}`,
      '',
      `Operation: ${running.length > 0 ? running.map(({ id }) => id).join(', ') : 'none'}`,
      `Mesos session: ${sessionProblem ? sessionProblem.reason : session ? `open with ${session.master} (epoch ${session.epoch})` : 'not yet open'}`,
      '',
      '| node | status | address | task | state of task |',
      '|---|---|---|---|---|',
    ],
    body: Object.values(state.nodes).map(nodeRow),
    tail: [],
    more: (hidden) => `\n… ${hidden} more nodes; the query \`cluster\` has all`,
  });
}

function nodeRow(node: NodeState): string {
  const address = node.placement ? `${node.placement.hostname}:${node.placement.port}` : '';
  const status = node.reason === undefined ? node.status : `${node.status} (${tableCell(node.reason)})`;
  return `| ${node.name} | ${status} | ${address} | ${newestTask(node) ?? ''} | ${node.taskState ?? ''} |`;
}
