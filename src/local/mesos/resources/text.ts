// Resources as text, as a real master writes them into its messages.
import type { Resource } from '../../../mesos/types.ts';

/** `cpus(allocated: kafka)(reservations: [(DYNAMIC,kafka,principal,{pod: b-0})])[vol:data]:0.5; ports:[1-2]` */
export function resourcesText(resources: readonly Resource[]): string {
  return resources.map(resourceText).join('; ');
}

function resourceText(resource: Resource): string {
  const { allocation_info: allocation, reservations, disk } = resource;
  return [
    resource.name,
    allocation ? `(allocated: ${allocation.role})` : '',
    reservations && reservations.length > 0
      ? `(reservations: [${reservations.map(reservationText).join(',')}])`
      : '',
    disk ? diskText(disk) : '',
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

function diskText({ source, persistence, volume }: NonNullable<Resource['disk']>): string {
  const parts = [...(source ? [sourceText(source)] : []), ...(persistence ? [persistence.id] : [])];
  return `[${parts.join(',')}${volume ? `:${volume.container_path}` : ''}]`;
}

function sourceText(source: NonNullable<NonNullable<Resource['disk']>['source']>): string {
  const { type, id, profile, vendor } = source;
  const root = source.mount?.root ?? source.path?.root;
  if (id !== undefined || profile !== undefined)
    return `${type}(${vendor ?? ''},${id ?? ''},${profile ?? ''})`;
  return root === undefined ? type : `${type}:${root}`;
}

function amountText(resource: Resource): string {
  if (resource.type === 'RANGES')
    return `[${(resource.ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
  if (resource.type === 'SET') return `{${(resource.set?.item ?? []).join(', ')}}`;
  return String(resource.scalar?.value ?? 0);
}
