// What local Mesos says of itself, over its control API.
import type { LocalState } from '../mesos/index.ts';

/** Agents, tasks, reservations and volumes of the local Mesos at this base URL. */
export async function localState(mesosUrl: string): Promise<LocalState> {
  const response = await fetch(`${mesosUrl}/local/state`);
  return (await response.json()) as LocalState;
}
