// SUBSCRIBE of the operator API: the state now, then what changes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeRecord } from '../../../mesos/record-io.ts';
import type { Master } from '../master/master.ts';
import type { OperatorEvent } from '../master/operator-events.ts';
import { agentView, addedFrameworkView, newTaskView, stateView } from './operator-views.ts';
import { bareHeaders } from './response.ts';

/** Opens the stream on a response; it ends with the connection. */
export function openOperatorStream(master: Master, request: IncomingMessage, response: ServerResponse): void {
  request.socket.setNoDelay(true);
  bareHeaders(response);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const send = (event: object): void => {
    if (!response.writableEnded && !response.destroyed) response.write(encodeRecord(JSON.stringify(event)));
  };
  const listener = (event: OperatorEvent): void => {
    const rendered = render(master, event);
    master.afterCommit(() => {
      send(rendered);
    });
  };
  response.once('close', () => {
    master.operatorListeners.delete(listener);
  });
  master.turn(() => {
    master.operatorListeners.add(listener);
    send({
      type: 'SUBSCRIBED',
      subscribed: {
        get_state: stateView(master),
        heartbeat_interval_seconds: master.settings.heartbeatIntervalMs / 1000,
      },
    });
    heartbeat(master, send, () => master.operatorListeners.has(listener));
  });
}

function heartbeat(master: Master, send: (event: object) => void, isOpen: () => boolean): void {
  if (!isOpen()) return;
  send({ type: 'HEARTBEAT' });
  master.later(master.settings.heartbeatIntervalMs, () => {
    heartbeat(master, send, isOpen);
  });
}

function render(master: Master, event: OperatorEvent): object {
  const { type } = event;
  switch (type) {
    case 'TASK_ADDED':
      return { type, task_added: { task: newTaskView(event.task) } };
    case 'TASK_UPDATED':
      return {
        type,
        task_updated: {
          framework_id: { value: event.task.frameworkId },
          status: event.status,
          state: event.task.updates.at(-1)?.state ?? event.status.state,
        },
      };
    case 'FRAMEWORK_ADDED':
      return { type, framework_added: { framework: addedFrameworkView(event.framework) } };
    case 'FRAMEWORK_UPDATED':
      return { type, framework_updated: { framework: addedFrameworkView(event.framework) } };
    case 'FRAMEWORK_REMOVED':
      return { type, framework_removed: { framework_info: event.framework.info } };
    case 'AGENT_ADDED':
      return { type, agent_added: { agent: agentView(master, event.agent) } };
    case 'AGENT_REMOVED':
      return { type, agent_removed: { agent_id: { value: event.agent.id } } };
  }
}
