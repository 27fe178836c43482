// Resources as text, as a real master writes them into its messages.
import type { Resource } from '../../../mesos/types.ts';

/** `cpus(allocated: kafka)(reservations: [(DYNAMIC,kafka,principal,{pod: b-0})])[vol:data]:0.5; ports:[1-2]` */
export function resourcesText(resources: readonly Resource[]): string {
  return resources.map(resourceText).join('; ');
}

function resourceText(resource: Resource): string {
  const { allocation_info: allocation, reservations, disk } = resource;
  const where = disk?.volume ? `:${disk.volume.container_path}` : '';
  return [
    resource.name,
    allocation ? `(allocated: ${allocation.role})` : '',
    reservations && reservations.length > 0
      ? `(reservations: [${reservations.map(reservationText).join(',')}])`
      : '',
    disk?.persistence ? `[${disk.persistence.id}${where}]` : '',
    `:${amountText(resource)}`,
  ].join('');
}

function reservationText({
  type,
  role,
  principal,
  labels,
}: NonNullable<Resource['reservations']>[number]): string {
  const parts: string[] = [type, role];
  if (principal !== undefined) parts.push(principal);
  if (labels) parts.push(`{${labels.labels.map(({ key, value }) => `${key}: ${value ?? ''}`).join(', ')}}`);
  return `(${parts.join(',')})`;
}

function amountText(resource: Resource): string {
  if (resource.type === 'RANGES')
    return `[${(resource.ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
  if (resource.type === 'SET') return `{${(resource.set?.item ?? []).join(', ')}}`;
  return String(resource.scalar?.value ?? 0);
}
