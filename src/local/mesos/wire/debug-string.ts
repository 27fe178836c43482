// Prints a message in protobuf's text format, as a real master does in some of its refusals.
import { MESSAGES, describeField } from './call-schema.ts';

/** The text of a message of call-schema.ts: fields in the order of their numbers, two spaces a level. */
export function debugString(messageName: string, message: object, indent = ''): string {
  let text = '';
  for (const [name, fieldType] of Object.entries(MESSAGES[messageName] ?? {})) {
    const { type } = describeField(fieldType);
    const given = (message as Record<string, unknown>)[name];
    if (given === undefined) continue;
    for (const value of Array.isArray(given) ? (given as unknown[]) : [given])
      text +=
        typeof value === 'object' && value !== null
          ? `${indent}${name} {\n${debugString(type, value, `${indent}  `)}${indent}}\n`
          : `${indent}${name}: ${scalarText(type, value)}\n`;
  }
  return text;
}

function scalarText(type: string, value: unknown): string {
  return type === 'string' || type === 'bytes' ? JSON.stringify(value) : String(value);
}
