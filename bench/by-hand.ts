// The same cluster started by a script: the same JVMs with the same configuration, and nothing else.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { brokerReadiness, controllerReadiness, verifyCluster, type Readiness } from '../src/kafka/index.ts';
import { NODE_KIND, type NodeState } from '../src/model/cluster.ts';
import { initialState } from '../src/model/initial-state.ts';
import { renderNode } from '../src/model/node/render.ts';
import type { ClusterSpec } from '../src/model/spec/schema.ts';

/** Mesos' own; a task has nothing else. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** As often as the gates of an operation look. */
const POLL_MS = 250;

/** Starts the cluster of a spec, waits until it is verified, ends it. Returns the milliseconds until it was verified. */
export async function startByHand(spec: ClusterSpec, firstPort: number): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-by-hand-'));
  const state = initialState(spec, { uuid4: randomUUID, nowMs: Date.now() });
  const nodes = Object.values(state.nodes).map((node, index) => placed(node, index, firstPort));
  const controllers = nodes.filter(({ kind }) => kind === NODE_KIND.CONTROLLER);
  const processes: ChildProcess[] = [];
  const startedAtMs = performance.now();
  try {
    for (const node of nodes) {
      const { command, environment } = renderNode({
        spec,
        kafkaClusterId: state.kafkaClusterId,
        node,
        controllers,
      });
      processes.push(run(join(home, node.name), command, environment));
    }
    await Promise.all(nodes.map((node) => untilReady(node, nodes)));
    const addresses = (kind: string) => nodes.filter((node) => node.kind === kind).map(addressOf);
    await verifyCluster({
      kafkaClusterId: state.kafkaClusterId,
      brokers: addresses(NODE_KIND.BROKER),
      controllers: addresses(NODE_KIND.CONTROLLER),
    });
    return performance.now() - startedAtMs;
  } finally {
    await Promise.all(processes.map(end));
    rmSync(home, { recursive: true, force: true });
  }
}

function placed(node: NodeState, index: number, firstPort: number): NodeState {
  return {
    ...node,
    placement: {
      number: 1,
      agentId: `hand-${index}`,
      hostname: `127.0.0.${index + 1}`,
      port: firstPort + index,
      volumeId: node.name,
      cpus: 1,
      memMb: 1,
      diskMb: 1,
      attributes: { rack: `r${index + 1}` },
      zone: `z${index + 1}`,
    },
  };
}

function run(sandbox: string, command: string, environment: Record<string, string>): ChildProcess {
  mkdirSync(join(sandbox, 'data'), { recursive: true });
  const log = openSync(join(sandbox, 'log'), 'a');
  return spawn('sh', ['-c', command], {
    cwd: sandbox,
    env: { PATH, ...environment },
    stdio: ['ignore', log, log],
  });
}

async function untilReady(node: NodeState, nodes: NodeState[]): Promise<void> {
  const peers = nodes.filter(({ kind }) => kind === node.kind).map(addressOf);
  const look = (): Promise<Readiness> =>
    node.kind === NODE_KIND.CONTROLLER
      ? controllerReadiness(node.nodeId, peers)
      : brokerReadiness(node.nodeId, peers);
  while (!(await look()).ready) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function addressOf({ nodeId, placement }: NodeState) {
  return { nodeId, host: placement?.hostname ?? '', port: placement?.port ?? 0 };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
