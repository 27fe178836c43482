// Java's properties format (java.util.Properties.load): what Kafka and Log4j read.

/** Properties as text, sorted by name, so that equal properties give equal text. Any text may be a value. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(
      ([name, value]) =>
        `${escape(name).replace(/[ :=#!]/g, '\\$&')}=${escape(value).replace(/^ /, '\\ ')}\n`,
    )
    .join('');
}

/** Kafka reads ISO 8859-1, and the text passes through a shell's variable: everything but printable ASCII is escaped. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
