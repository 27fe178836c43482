// Reads one event of the scheduler's stream, leniently: only what Millrace uses is checked, the rest is let through.
import { z } from 'zod';
import type { SchedulerEvent } from './types.ts';

/** An event, or why it is passed over: a newer Mesos may say what we do not know. */
export type ParsedEvent = { event: SchedulerEvent } | { passedOver: { type: string; reason: string } };

const id = z.looseObject({ value: z.string() });
const resource = z.looseObject({
  name: z.string(),
  scalar: z.looseObject({ value: z.number() }).optional(),
  ranges: z.looseObject({ range: z.array(z.looseObject({ begin: z.number(), end: z.number() })) }).optional(),
  reservations: z.array(z.looseObject({ role: z.string() })).optional(),
});
const offer = z.looseObject({ id, agent_id: id, hostname: z.string(), resources: z.array(resource) });
const taskStatus = z.looseObject({
  task_id: id,
  state: z.string(),
  agent_id: id.optional(),
  uuid: z.string().optional(),
});
const operationStatus = z.looseObject({
  operation_id: id.optional(),
  state: z.string(),
  agent_id: id.optional(),
  uuid: z.looseObject({ value: z.string() }).optional(),
});

const named = z.looseObject({ name: z.string() });
const domain = z.looseObject({ fault_domain: z.looseObject({ region: named, zone: named }).optional() });
const duration = z.looseObject({ nanoseconds: z.number() });
const inverseOffer = z.looseObject({
  id,
  agent_id: id.optional(),
  unavailability: z.looseObject({ start: duration, duration: duration.optional() }),
});

const SCHEMAS: Record<SchedulerEvent['type'], z.ZodType> = {
  SUBSCRIBED: z.looseObject({
    subscribed: z.looseObject({
      framework_id: id,
      heartbeat_interval_seconds: z.number().optional(),
      master_info: z.looseObject({ domain: domain.optional() }).optional(),
    }),
  }),
  OFFERS: z.looseObject({ offers: z.looseObject({ offers: z.array(offer) }) }),
  INVERSE_OFFERS: z.looseObject({
    inverse_offers: z.looseObject({ inverse_offers: z.array(inverseOffer) }),
  }),
  RESCIND: z.looseObject({ rescind: z.looseObject({ offer_id: id }) }),
  RESCIND_INVERSE_OFFER: z.looseObject({ rescind_inverse_offer: z.looseObject({ inverse_offer_id: id }) }),
  UPDATE: z.looseObject({ update: z.looseObject({ status: taskStatus }) }),
  UPDATE_OPERATION_STATUS: z.looseObject({
    update_operation_status: z.looseObject({ status: operationStatus }),
  }),
  MESSAGE: z.looseObject({ message: z.looseObject({}) }),
  FAILURE: z.looseObject({ failure: z.looseObject({ agent_id: id.optional(), executor_id: id.optional() }) }),
  ERROR: z.looseObject({ error: z.looseObject({ message: z.string() }) }),
  HEARTBEAT: z.looseObject({}),
};

/** Parses the JSON of one record. Never throws. */
export function parseEvent(record: Uint8Array): ParsedEvent {
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(record).toString('utf8'));
  } catch (error) {
    return {
      passedOver: { type: '(not JSON)', reason: error instanceof Error ? error.message : String(error) },
    };
  }
  const head = z.looseObject({ type: z.string() }).safeParse(body);
  if (!head.success) return { passedOver: { type: '(none)', reason: 'the event has no type' } };
  const { type } = head.data;
  if (!isKnown(type)) return { passedOver: { type, reason: 'the type is unknown' } };
  const checked = SCHEMAS[type].safeParse(body);
  if (!checked.success) return { passedOver: { type, reason: z.prettifyError(checked.error) } };
  // The schema has checked what is used of it; loose objects keep the rest as it came.
  return { event: checked.data as SchedulerEvent };
}

function isKnown(type: string): type is SchedulerEvent['type'] {
  return Object.hasOwn(SCHEMAS, type);
}
