// The same cluster started by a script: the same JVMs with the same configuration, and nothing else.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  brokerReadiness,
  controllerReadiness,
  describeReplication,
  electPreferredLeaders,
  verifyCluster,
  type KafkaAddress,
  type Readiness,
} from '../src/kafka/index.ts';
import { NODE_KIND, type NodeState } from '../src/model/cluster.ts';
import { initialState } from '../src/model/initial-state.ts';
import { renderNode } from '../src/model/node/render.ts';
import { brokerStopGate } from '../src/model/safety/broker-stop-gate.ts';
import type { ClusterSpec } from '../src/model/spec/schema.ts';

/** Mesos' own; a task has nothing else. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** As often as the gates of an operation look. */
const POLL_MS = 250;

/** A cluster that a script runs. */
export interface HandCluster {
  /** Milliseconds until it was verified. */
  startMs: number;
  bootstrapServers: string;
  /** Restarts the brokers one after the other as a careful script would; the milliseconds that it took. */
  rollBrokers(): Promise<number>;
  end(): Promise<void>;
}

/** Starts the cluster of a spec, waits until it is verified, ends it. Returns the milliseconds until it was verified. */
export async function startByHand(spec: ClusterSpec, firstPort: number): Promise<number> {
  const cluster = await runByHand(spec, firstPort);
  await cluster.end();
  return cluster.startMs;
}

/** Starts the cluster of a spec and waits until it is verified. */
export async function runByHand(spec: ClusterSpec, firstPort: number): Promise<HandCluster> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-by-hand-'));
  const state = initialState(spec, { uuid4: randomUUID, nowMs: Date.now() });
  const nodes = Object.values(state.nodes).map((node, index) => placed(node, index, firstPort));
  const ofKind = (kind: string) => nodes.filter((node) => node.kind === kind);
  const addresses = (kind: string) => ofKind(kind).map(addressOf);
  const processes = new Map<string, ChildProcess>();
  const startNode = (node: NodeState) => {
    const { command, environment } = renderNode({
      spec,
      kafkaClusterId: state.kafkaClusterId,
      node,
      controllers: ofKind(NODE_KIND.CONTROLLER),
    });
    processes.set(node.name, run(join(home, node.name), command, environment));
  };
  const end = async () => {
    await Promise.all([...processes.values()].map((child) => endProcess(child, 'SIGKILL')));
    rmSync(home, { recursive: true, force: true });
  };
  const startedAtMs = performance.now();
  try {
    nodes.forEach(startNode);
    await Promise.all(nodes.map((node) => untilReady(node, nodes)));
    await verifyCluster({
      kafkaClusterId: state.kafkaClusterId,
      brokers: addresses(NODE_KIND.BROKER),
      controllers: addresses(NODE_KIND.CONTROLLER),
    });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    startMs: performance.now() - startedAtMs,
    bootstrapServers: addresses(NODE_KIND.BROKER)
      .map(({ host, port }) => `${host}:${port}`)
      .join(','),
    rollBrokers: async () => {
      const beganMs = performance.now();
      for (const broker of ofKind(NODE_KIND.BROKER)) {
        await untilSpared(broker, addresses(NODE_KIND.BROKER));
        await endProcess(processes.get(broker.name)!, 'SIGTERM');
        startNode(broker);
        await untilReady(broker, nodes);
        await electPreferredLeaders(addresses(NODE_KIND.BROKER));
      }
      return performance.now() - beganMs;
    },
    end,
  };
}

/** Looks twice whether the others can do without it, as nobody would want to stop a broker otherwise. */
async function untilSpared({ nodeId }: NodeState, brokers: KafkaAddress[]): Promise<void> {
  for (let open = 0; open < 2;) {
    const look = await describeReplication(brokers);
    const gate = look.known ? brokerStopGate(look.snapshot, nodeId, 'allow') : { open: false };
    open = gate.open ? open + 1 : 0;
    if (open < 2) await new Promise((resolve) => setTimeout(resolve, gate.open ? 2 * POLL_MS : POLL_MS));
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

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}
