// Offers as a real Mesos 1.12 makes them: the fields and sizes of the recorded transcripts, for any number of agents.
import type { Offer } from '../../src/mesos/types.ts';

const MASTER = '6bbe3912-042e-4eda-b094-b7fb19ef582e';
const RACKS = 40;
const ZONES = 3;

/** One offer an agent; agents are alike but for their names, racks and zones, and what of them is taken. */
export function offersOf(agents: number): Offer[] {
  return Array.from({ length: agents }, (_unused, index) => offerOf(index));
}

function offerOf(index: number): Offer {
  const hostname = `agent-${String(index).padStart(4, '0')}.example.org`;
  const rack = `rack-${index % RACKS}`;
  const zone = `zone-${index % ZONES}`;
  const allocated = { allocation_info: { role: 'kafka' } };
  const amount = (name: string, value: number) =>
    ({ name, type: 'SCALAR', scalar: { value }, ...allocated }) as const;
  return {
    id: { value: `${MASTER}-O${index}` },
    framework_id: { value: `${MASTER}-0000` },
    agent_id: { value: `${MASTER}-S${index}` },
    hostname,
    url: {
      scheme: 'http',
      address: { hostname, ip: `10.1.${Math.floor(index / 250)}.${(index % 250) + 1}`, port: 5051 },
      path: '/slave(1)',
    },
    domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: zone } } },
    resources: [
      // Two gaps: what other tasks hold of the range.
      {
        name: 'ports',
        type: 'RANGES',
        ranges: {
          range: [
            { begin: 31_000, end: 31_010 + (index % 50) },
            { begin: 31_100, end: 31_500 },
            { begin: 31_502, end: 32_000 },
          ],
        },
        ...allocated,
      },
      amount('cpus', 4 + (index % 13)),
      amount('mem', 8_192 + 512 * (index % 17)),
      amount('disk', 200_000 + 1_000 * (index % 7)),
    ],
    attributes: [
      { name: 'rack', type: 'TEXT', text: { value: rack } },
      { name: 'zone', type: 'TEXT', text: { value: zone } },
    ],
    allocation_info: { role: 'kafka' },
  };
}
