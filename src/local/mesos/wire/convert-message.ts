// Turns parsed JSON into a message of call-schema.ts the way a real master does: unknown fields, unknown enum values and
// nulls are dropped, numbers may come as strings, a single object stands for a repeated field of one.
import { ENUMS, MESSAGES, describeField } from './call-schema.ts';

/** Why a body is not the message; `message` is what a real master answers after "Failed to convert JSON into Call protobuf: ". */
export class ConversionError extends Error {}

/**
 * Converts `json` to the named message. What comes back holds only fields of the schema, of the right types, and all
 * required ones, so that the rest of the code may trust it.
 * @throws ConversionError
 */
export function convertMessage<T>(messageName: string, json: unknown): T {
  if (!isObject(json)) throw new ConversionError('Expecting a JSON object');
  const missing: string[] = [];
  const message = convertObject(messageName, json, '', missing);
  if (missing.length > 0) throw new ConversionError(`Missing required fields: ${missing.join(', ')}`);
  return message as T;
}

function convertObject(
  messageName: string,
  json: Record<string, unknown>,
  path: string,
  missing: string[],
): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [name, fieldType] of Object.entries(MESSAGES[messageName] ?? {})) {
    const { type, repeated, required } = describeField(fieldType);
    const given = Object.hasOwn(json, name) ? json[name] : undefined;
    const at = path === '' ? name : `${path}.${name}`;
    if (given !== undefined && given !== null) {
      const value = repeated
        ? (Array.isArray(given) ? given : [given])
            .filter((item) => item !== null)
            .map((item, index) => convertValue(type, name, item, `${at}[${index}]`, missing))
            .filter((item) => item !== undefined)
        : convertValue(type, name, given, at, missing);
      if (value !== undefined) message[name] = value;
    }
    if (required && message[name] === undefined) missing.push(at);
  }
  return message;
}

function convertValue(type: string, field: string, json: unknown, path: string, missing: string[]): unknown {
  if (Array.isArray(json)) throw unexpected('array', field);
  if (isObject(json)) {
    if (type === 'json') return json;
    if (type.startsWith('map:')) {
      const entries = Object.entries(json).map(([key, item]) => [
        key,
        convertValue(type.slice('map:'.length), field, item, `${path}["${key}"]`, missing),
      ]);
      return Object.fromEntries(entries) as unknown;
    }
    if (MESSAGES[type] === undefined) throw unexpected('object', field);
    return convertObject(type, json, path, missing);
  }
  if (typeof json === 'string') return fromString(type, field, json);
  if (typeof json === 'number') {
    if (type === 'double') return json;
    if (type === 'int64') return Math.trunc(json);
    throw unexpected('number', field);
  }
  if (typeof json === 'boolean' && type === 'bool') return json;
  throw unexpected('boolean', field);
}

function fromString(type: string, field: string, text: string): unknown {
  if (type === 'string') return text;
  if (type === 'bytes') return checkBase64(field, text);
  if (type.startsWith('enum:')) return ENUMS[type.slice('enum:'.length)]?.includes(text) ? text : undefined;
  if (type === 'bool' && (text === 'true' || text === 'false')) return text === 'true';
  if ((type === 'double' || type === 'int64') && text.trim() !== '' && Number.isFinite(Number(text)))
    return type === 'int64' ? Math.trunc(Number(text)) : Number(text);
  throw unexpected('string', field);
}

function checkBase64(field: string, text: string): string {
  const invalid = /[^A-Za-z0-9+/=]/.exec(text)?.[0];
  if (invalid !== undefined)
    throw new ConversionError(
      `Failed to base64 decode bytes field '${field}': Invalid character '${invalid}'`,
    );
  return text;
}

function unexpected(kind: string, field: string): ConversionError {
  return new ConversionError(`Not expecting a JSON ${kind} for field '${field}'`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
