// docs/spec.md: every field of a spec, made of the schema that checks it.
import { z } from 'zod';
import { ownedProperties, ownedReason } from '../model/spec/kafka-config.ts';
import { clusterSpecInputSchema } from '../model/spec/schema.ts';

interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  anyOf?: JsonSchema[];
  const?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** The page as Markdown. */
export function specPage(): string {
  const schema = z.toJSONSchema(clusterSpecInputSchema, { io: 'input' }) as JsonSchema;
  return [
    '# The spec of a cluster',
    '',
    '<!-- Written by "node scripts/write-docs.ts" from src/model/spec. -->',
    '',
    'What a user declares, as YAML or JSON. Only `name` is needed; every other field has a default that is safe in production.',
    'Unknown keys are refused, and so is everything that breaks a rule: at once, with field, value, rule and what would be',
    'accepted, and with line and column of the file.',
    '',
    '```yaml',
    'name: team/orders',
    'brokers:',
    '  count: 5',
    '  memMb: 8192',
    '  heapMb: 4096',
    '  disk: { sizeMb: 100000 }',
    'placement:',
    '  brokers: [[rack, GROUP_BY, "3"]]',
    'kafka:',
    '  config:',
    '    log.retention.hours: 72',
    '```',
    '',
    '## Fields',
    '',
    '| field | what it is | accepted | default |',
    '|---|---|---|---|',
    ...rows(schema, ''),
    '',
    '## Rules between fields',
    '',
    '- The heap is less than the memory of its node by 64 MB at least.',
    '- The number of controllers is odd.',
    '- Replication factors are not greater than the number of brokers, `min.insync.replicas` is not greater than the replication',
    '  factor, and what one partition may keep (`log.retention.bytes`) is not more than the disk.',
    '- A version that Millrace does not know needs an artifact.',
    '- `brokers.disks` stands in place of `brokers.disk`; only disks of the type MOUNT have a profile.',
    '- `recovery.backoff.maxSeconds` is not less than `initialSeconds`.',
    '',
    '## Properties that Millrace sets',
    '',
    'They are refused in `kafka.config`, with the reason:',
    '',
    '| property | why |',
    '|---|---|',
    ...ownedProperties().map(
      (property) => `| \`${property}\` | ${ownedReason(property.replace('*', 'x')) ?? ''} |`,
    ),
    '',
  ].join('\n');
}

/** One row for each leaf, in the schema's order. */
function rows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    if (field.properties) return rows(field, `${path}.`);
    const value = schema.required?.includes(key) === true ? 'must be given' : defaultOf(field);
    return [`| \`${path}\` | ${cell(field.description ?? '')} | ${acceptedBy(field)} | ${value} |`];
  });
}

/** The keys of a map as they are written; the optional ones are marked. */
function keysOf({ properties = {}, required = [] }: JsonSchema): string {
  return Object.keys(properties)
    .map((key) => `${key}${required.includes(key) ? '' : '?'}: …`)
    .join(', ');
}

/** Text in which Markdown sees neither a tag nor the end of a cell. */
function cell(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|');
}

function defaultOf({ default: value }: JsonSchema): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function acceptedBy(schema: JsonSchema): string {
  const { enum: values, type, minimum, maximum, anyOf, const: only } = schema;
  if (anyOf) return anyOf.map(acceptedBy).join(' or ');
  if (only !== undefined) return `\`${only}\``;
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  switch (type) {
    case 'string':
      return 'text';
    case 'array':
      return 'a list';
    case 'integer':
      return 'a number';
    case 'object':
    case undefined:
    default:
      return schema.properties ? `\`{${keysOf(schema)}}\`` : 'a map';
  }
}
