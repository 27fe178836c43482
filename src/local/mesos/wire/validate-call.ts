// What a real master checks of a scheduler call before it looks at anything else (scheduler::Call validation).
import type { Call } from './call-types.ts';

/** Calls without a sub-message, or whose sub-message is optional. */
const NO_BODY = ['TEARDOWN', 'REVIVE', 'SUPPRESS'];

/** What is wrong with a call, as a real master words it after "Failed to validate scheduler::Call: "; undefined when nothing. */
export function callProblem(call: Call): string | undefined {
  if (call.type === undefined) return missing('type');
  if (call.type === 'SUBSCRIBE') return subscribeProblem(call);
  if (!call.framework_id) return missing('framework_id');
  if (NO_BODY.includes(call.type)) return undefined;
  const body = call.type.toLowerCase();
  if ((call as Record<string, unknown>)[body] === undefined) return missing(body);
  const uuid = (call.acknowledge ?? call.acknowledge_operation_status)?.uuid;
  if (call.type.startsWith('ACKNOWLEDGE') && !isUuid(uuid)) return 'Not a valid UUID';
  return undefined;
}

/**
 * The two inputs that bring a real master down ("Never send" of the transcripts). Local Mesos refuses them aloud, so that
 * a test finds the mistake before a production master does.
 */
export function deadlyProblem(call: Call): string | undefined {
  if (call.type === 'UNKNOWN')
    return 'Local Mesos refuses the call type UNKNOWN: it brings a real Mesos master down. Never send it.';
  for (const operation of call.accept?.operations ?? []) {
    const ids = (operation.launch_group?.task_group.tasks ?? []).map((task) => task.task_id.value);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (operation.type === 'LAUNCH_GROUP' && twice !== undefined)
      return `Local Mesos refuses two tasks with the id '${twice}' in one LAUNCH_GROUP: they bring a real Mesos master down. Never send them.`;
  }
  return undefined;
}

function subscribeProblem(call: Call): string | undefined {
  if (!call.subscribe) return missing('subscribe');
  if (call.framework_id?.value !== call.subscribe.framework_info.id?.value)
    return "'framework_id' differs from 'subscribe.framework_info.id'";
  return undefined;
}

/** A UUID is 16 bytes; a real master drops an incomplete last group of base64, so text without padding is no UUID. */
function isUuid(base64: string | undefined): boolean {
  return base64 !== undefined && base64.length % 4 === 0 && Buffer.from(base64, 'base64').length === 16;
}

function missing(field: string): string {
  return `Expecting '${field}' to be present`;
}
