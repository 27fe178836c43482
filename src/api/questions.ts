// Questions that the API answers with the help of a short-lived workflow: nothing is changed by them.
import type { Client } from '@temporalio/client';
import { CLUSTER_STATUS, type ClusterState } from '../model/cluster.ts';
import { runningOperations } from '../model/entity.ts';
import { MillraceError } from '../model/errors.ts';
import { canonicalJson, sha256Hex } from '../model/hash.ts';
import { waitingNodes, type PlacementAnswer, type WaitingNode } from '../model/placement/explain.ts';
import type { PlanProgress } from '../model/plan/plan.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import * as contract from '../workflows/contract.ts';
import { listClustersOfRole } from './listing.ts';
import type { Subject } from './temporal-errors.ts';

/** What is known of the nodes that wait. */
export interface WhyFound {
  state: ClusterState;
  waiting: WaitingNode[];
  /** Null when nothing waits. */
  answer: PlacementAnswer | null;
}

/** What is known of an install that was not begun. */
export interface PreflightFound {
  answer: contract.PreflightAnswer;
  /** The cluster that has the name already. */
  existing: ClusterState | null;
  /** Name of another cluster that has the role. */
  roleHolder: string | null;
}

export interface Questions {
  why(name: string): Promise<WhyFound>;
  preflight(spec: ClusterSpec): Promise<PreflightFound>;
  /** @throws MillraceError ROLE_TAKEN when another living cluster has the role */
  requireFreeRole(spec: ClusterSpec): Promise<void>;
}

/** Nobody waits for an answer longer than the API's own deadline; a workflow that no worker takes ends by itself. */
const LIFETIME = '20 seconds';

/** The questions over what the gateway has: its client, its way to call, its queries. */
export function createQuestions(about: {
  client: Client;
  ask<T>(subject: Subject, call: () => Promise<T>): Promise<T>;
  cluster(name: string): Promise<ClusterState>;
  progress(operationId: string): Promise<PlanProgress>;
}): Questions {
  const { client, ask, cluster, progress } = about;
  const roleHolder = (spec: ClusterSpec) =>
    ask({ cluster: spec.name }, async () => {
      const names = await listClustersOfRole(client, spec.role);
      return names.find((name) => name !== spec.name) ?? null;
    });
  return {
    why: async (name) => {
      const state = await cluster(name);
      const running = await Promise.all(runningOperations(state).map(({ id }) => progress(id)));
      const waiting = waitingNodes(state, running);
      if (waiting.length === 0) return { state, waiting, answer: null };
      const answer = await ask({ cluster: name }, () =>
        answerOf<contract.WhyInput, PlacementAnswer>(client, {
          type: contract.WORKFLOW_TYPE.WHY,
          workflowId: contract.whyWorkflowId(name),
          cluster: name,
          input: whyInput(state, waiting),
          summary: `Why nodes of ${name} wait`,
        }),
      );
      return { state, waiting, answer };
    },
    preflight: async (spec) => {
      const [answer, existing, holder] = await Promise.all([
        ask({ cluster: spec.name }, () =>
          answerOf<contract.PreflightInput, contract.PreflightAnswer>(client, {
            type: contract.WORKFLOW_TYPE.PREFLIGHT,
            workflowId: contract.preflightWorkflowId(spec.name, sha256Hex(canonicalJson(spec))),
            cluster: spec.name,
            input: { spec },
            summary: `Whether ${spec.name} would fit`,
          }),
        ),
        cluster(spec.name).catch(nullWhenMissing),
        roleHolder(spec),
      ]);
      const gone = existing?.status === CLUSTER_STATUS.UNINSTALLED;
      return { answer, existing: gone ? null : existing, roleHolder: holder };
    },
    requireFreeRole: async (spec) => {
      const holder = await roleHolder(spec);
      if (holder !== null) throw roleTaken(spec, holder);
    },
  };
}

/** The refusal of an install whose role belongs to another cluster. */
export function roleTaken({ name, role }: ClusterSpec, holder: string): MillraceError {
  return new MillraceError(
    'ROLE_TAKEN',
    `Cluster ${name} was not installed: its role is ${role}, which cluster ${holder} has. Mesos would offer each of them what is ` +
      `reserved for the other. Choose another role, or leave it out: its default is made of the name. Nothing was changed.`,
    { details: { role, cluster: holder } },
  );
}

/** Asks by a workflow of its own and returns its answer; the same question at the same time is asked once. */
export function answerOf<Input, Answer>(
  client: Client,
  question: { type: string; workflowId: string; cluster: string; input: Input; summary: string },
): Promise<Answer> {
  const { type, workflowId, cluster, input, summary } = question;
  return client.workflow.execute<(input: Input) => Promise<Answer>>(type, {
    workflowId,
    args: [input],
    taskQueue: contract.TASK_QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowExecutionTimeout: LIFETIME,
    typedSearchAttributes: [{ key: contract.KAFKA_CLUSTER, value: cluster }],
    staticSummary: summary,
  });
}

function whyInput(state: ClusterState, waiting: WaitingNode[]): contract.WhyInput {
  return {
    cluster: state.name,
    incarnation: state.incarnation,
    frameworkId: state.frameworkId,
    spec: state.spec,
    session: state.sessionProblem ? null : state.session,
    waiting,
    placed: Object.values(state.nodes).flatMap(({ name, kind, placement }) => {
      if (!placement) return [];
      const { hostname, attributes, region, zone } = placement;
      return [
        {
          name,
          kind,
          hostname,
          attributes,
          ...(region === undefined ? {} : { region }),
          ...(zone === undefined ? {} : { zone }),
        },
      ];
    }),
  };
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof MillraceError && error.code === 'CLUSTER_NOT_FOUND') return null;
  throw error;
}
