// Short ways to write resources in tests.
import type { Reservation, Resource } from '../../../../src/mesos/types.ts';

export const PRINCIPAL = 'test-principal';

export const RESERVATION: Reservation = {
  type: 'DYNAMIC',
  role: 'kafka',
  principal: PRINCIPAL,
  labels: { labels: [{ key: 'node', value: 'broker-0' }] },
};

export function scalar(name: string, value: number, reservations?: Reservation[]): Resource {
  return { name, type: 'SCALAR', scalar: { value }, ...(reservations ? { reservations } : {}) };
}

export function ports(begin: number, end: number, reservations?: Reservation[]): Resource {
  return {
    name: 'ports',
    type: 'RANGES',
    ranges: { range: [{ begin, end }] },
    ...(reservations ? { reservations } : {}),
  };
}

export function volume(id: string, sizeMb: number): Resource {
  return {
    ...scalar('disk', sizeMb, [RESERVATION]),
    disk: { persistence: { id, principal: PRINCIPAL }, volume: { container_path: 'data', mode: 'RW' } },
  };
}
