// Nodes that the running operation asks for: given when nothing else has them, with what the entity knows of them.
import { forgetSpecs } from '../../model/change-state.ts';
import { decideGrant, grant, want } from '../../model/grants.ts';
import * as contract from '../contract.ts';
import { hasShape, onInternalSignal } from '../internal-signal.ts';
import { requireState, tellOperation, type Entity } from './entity.ts';

/** Sets the handlers of what the running operation asks for and tells. */
export function setGrantHandlers(entity: Entity): void {
  onInternalSignal(contract.nodeWantedSignal, {
    description: 'From an operation: it wants a node.',
    fits: (message) => hasShape(message, { operationId: 'string', node: 'string' }),
    apply: ({ operationId, node }) => {
      if (entity.state) want(entity.state, operationId, node);
      entity.work.push(() => Promise.resolve());
    },
  });
  onInternalSignal(contract.dynamicChangedSignal, {
    description: 'From an operation: Kafka has other dynamic values.',
    fits: (message) => hasShape(message, { operationId: 'string' }),
    apply: ({ operationId, begun = [], values = {} }) => {
      const { state } = entity;
      if (state?.operation?.id !== operationId) return;
      const { values: before, unknown } = state.dynamic ?? { values: {}, unknown: [] };
      state.dynamic = {
        values: { ...before, ...values },
        unknown: [...new Set([...unknown, ...begun])].filter((key) => !Object.hasOwn(values, key)),
      };
      forgetSpecs(state);
    },
  });
}

/** Gives the running operation what it wants and can have; tells it, once, why not. */
export function grantWanted(entity: Entity): void {
  const state = requireState(entity);
  const { operation } = state;
  if (!operation || entity.starting.has(operation.id)) return;
  for (const name of operation.wanted ?? []) {
    const decided = decideGrant(state, name);
    if (decided.kind === 'granted') {
      grant(operation, name);
      entity.withheld.delete(name);
      const { node } = decided;
      entity.work.push(() =>
        tellOperation(operation.id, (workflow) => workflow.signal(contract.nodeGrantedSignal, { node })),
      );
      continue;
    }
    const { reason } = decided;
    if (entity.withheld.get(name) === reason) continue;
    entity.withheld.set(name, reason);
    entity.work.push(() =>
      tellOperation(operation.id, (workflow) =>
        workflow.signal(contract.nodeWithheldSignal, { node: name, reason }),
      ),
    );
    if (decided.kind !== 'yield') continue;
    const { holder } = decided;
    entity.work.push(() =>
      tellOperation(holder, (workflow) =>
        workflow.signal(contract.yieldNodeSignal, { node: name, reason: `${operation.id} takes it over` }),
      ),
    );
  }
}
