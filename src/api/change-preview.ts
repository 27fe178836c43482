// What a change would do, before anybody asks for it: the plan that the cluster would make, and which replicas would move.
import type { Client } from '@temporalio/client';
import type { ChangeRequest } from '../model/change-request.ts';
import { hostOf, NODE_KIND, type ClusterState } from '../model/cluster.ts';
import { isServing } from '../model/entity.ts';
import { MillraceError } from '../model/errors.ts';
import { canonicalJson, sha256Hex } from '../model/hash.ts';
import { count, nameSome } from '../model/names.ts';
import { nextNodeIds } from '../model/node-ids.ts';
import { nodesOf } from '../model/plan/build.ts';
import type { Plan } from '../model/plan/plan.ts';
import { planChange } from '../model/plan/plan-change.ts';
import { rackOf } from '../model/plan/roll.ts';
import type { ReplaceImpact } from '../model/safety/broker-replace-gate.ts';
import * as contract from '../workflows/contract.ts';
import { answerOf } from './questions.ts';
import type { ChangePlanView } from './schemas/change.ts';
import type { Subject } from './temporal-errors.ts';

/** Previews over what the gateway has. */
export function createPreviews(about: {
  client: Client;
  ask<T>(subject: Subject, call: () => Promise<T>): Promise<T>;
  cluster(name: string): Promise<ClusterState>;
}) {
  const { client, ask, cluster } = about;
  const moves = (state: ClusterState, request: ChangeRequest, without: readonly string[]) => {
    const input = previewInput(state, request, without);
    return ask({ cluster: state.name }, () =>
      answerOf<contract.PreviewInput, contract.PreviewAnswer>(client, {
        type: contract.WORKFLOW_TYPE.PREVIEW,
        workflowId: contract.previewWorkflowId(state.name, sha256Hex(canonicalJson(input))),
        cluster: state.name,
        input,
        summary: `Which replicas of ${state.name} would move`,
      }),
    );
  };
  return {
    /** The plan of a request as things are now. @throws MillraceError CHANGE_REFUSED, CLUSTER_NOT_FOUND, … */
    async planChange(name: string, request: ChangeRequest): Promise<ChangePlanView> {
      const state = await cluster(name);
      const planned = planChange(state, request);
      const common = {
        generation: state.generation,
        ...(state.operation ? { runsNow: state.operation.id } : {}),
      };
      if ('refused' in planned) {
        const { code, message, details } = planned.refused;
        if (code !== 'NOTHING_TO_DO' || details?.['generation'] === undefined)
          throw new MillraceError(code, message, details ? { details } : {});
        return { ...common, unchanged: true, operation: null, planHash: null, plan: null, moves: null };
      }
      const { kind, plan, planHash } = planned;
      const without = leavingOf(plan);
      const answer = without === null ? null : await moves(state, request, without);
      return {
        ...common,
        unchanged: false,
        operation: kind,
        planHash,
        plan,
        moves: answer && 'view' in answer ? answer.view : null,
        ...(answer && 'unknown' in answer ? { movesUnknown: answer.unknown } : {}),
      };
    },
    /** Refuses at once what could only be refused by Kafka's facts: fewer brokers than some topic has replicas. */
    async requireRoom(name: string, request: ChangeRequest): Promise<void> {
      if (request.kind !== 'apply') return;
      const state = await cluster(name);
      const planned = planChange(state, request);
      const without = 'refused' in planned ? null : leavingOf(planned.plan);
      if (without !== null && without.length > 0) await moves(state, request, without);
    },
    /**
     * What giving up a broker's disk would mean; undefined of a controller, or when nobody can tell.
     *
     * @throws MillraceError CHANGE_REFUSED when records would be lost, and that is not forced
     */
    async replaceImpact(
      name: string,
      { node: named, force }: contract.ReplaceRequest,
    ): Promise<ReplaceImpact | undefined> {
      const state = await cluster(name);
      const node = Object.hasOwn(state.nodes, named) ? state.nodes[named] : undefined;
      if (node?.kind !== NODE_KIND.BROKER || !isServing(state)) return undefined;
      const answer = await ask({ cluster: name }, () =>
        answerOf<contract.ReplacePreviewInput, contract.ReplacePreviewAnswer>(client, {
          type: contract.WORKFLOW_TYPE.REPLACE_PREVIEW,
          workflowId: contract.replacePreviewWorkflowId(name, node.nodeId),
          cluster: name,
          input: { cluster: name, nodeId: node.nodeId, brokers: brokerAddresses(state) },
          summary: `What replacing ${named} of ${name} would mean`,
        }),
      );
      if (!('impact' in answer)) return undefined;
      const { onlyHere } = answer.impact;
      if (onlyHere.length === 0 || force === true) return answer.impact;
      throw new MillraceError(
        'CHANGE_REFUSED',
        `${named} of ${name} has the only full copy of ${count(onlyHere.length, 'partition')}: ${nameSome(onlyHere)}; nothing was changed. ` +
          'Wait until others are in sync, or give the topics more replicas; or, when those records may be lost, force it with a reason ' +
          '("broker replace --force --reason ...").',
        { details: { partitions: onlyHere } },
      );
    },
  };
}

/** The brokers that a plan empties; null when it moves nothing. */
function leavingOf({ phases }: Plan): string[] | null {
  for (const { action } of phases.flatMap(({ steps }) => steps))
    if (action.kind === 'propose') return action.without;
  return null;
}

function previewInput(
  state: ClusterState,
  request: ChangeRequest,
  without: readonly string[],
): contract.PreviewInput {
  const brokers = nodesOf(state, NODE_KIND.BROKER);
  const staying = brokers
    .filter(({ name, placement }) => placement !== null && !without.includes(name))
    .map((node) => ({ id: node.nodeId, rack: rackOf(state, node) }));
  const coming =
    request.kind === 'apply' ? nextNodeIds(state, NODE_KIND.BROKER, request.spec.brokers.count) : [];
  const throttle = 'throttleBytesPerSecond' in request ? request.throttleBytesPerSecond : undefined;
  return {
    cluster: state.name,
    brokers: brokerAddresses(state),
    targets: withComing(staying, coming).map(({ id, rack }) => ({
      id,
      ...(rack === undefined ? {} : { rack }),
    })),
    ...(throttle === undefined ? {} : { throttleBytesPerSecond: throttle }),
  };
}

function brokerAddresses(state: ClusterState): contract.PreviewInput['brokers'] {
  return nodesOf(state, NODE_KIND.BROKER).flatMap(({ nodeId, placement }) =>
    placement ? [{ nodeId, host: hostOf(placement), port: placement.port }] : [],
  );
}

/** Where new brokers will be placed is not known: taken as in the racks with the fewest. */
function withComing(
  staying: readonly { id: number; rack: string | undefined }[],
  coming: readonly number[],
): { id: number; rack: string | undefined }[] {
  const all = [...staying];
  for (const id of coming) {
    const racks = [...new Set(all.map(({ rack }) => rack))].sort();
    const sizeOf = (rack: string | undefined) => all.filter((broker) => broker.rack === rack).length;
    all.push({ id, rack: racks.sort((a, b) => sizeOf(a) - sizeOf(b))[0] });
  }
  return all;
}
