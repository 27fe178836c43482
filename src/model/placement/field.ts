// What placement and racks look at: host name, fault domain and attributes of an agent.

/** The fields that are no attribute of an agent. */
export const FIELD = { HOSTNAME: 'hostname', ZONE: '@zone', REGION: '@region' } as const;

/** Where something is, on an agent or as it was recorded. */
export interface Whereabouts {
  hostname: string;
  attributes: Record<string, string>;
  region?: string;
  zone?: string;
}

/** Value of a field on an agent or of a placed node; undefined when it has none. */
export function fieldOf(where: Whereabouts, field: string): string | undefined {
  switch (field) {
    case FIELD.HOSTNAME:
      return where.hostname;
    case FIELD.ZONE:
      return where.zone;
    case FIELD.REGION:
      return where.region;
    default:
      return Object.hasOwn(where.attributes, field) ? where.attributes[field] : undefined;
  }
}
