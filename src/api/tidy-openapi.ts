// Leaves in the OpenAPI document only the schemas that something refers to, each under its plain name. The generator
// writes each schema twice, as it is sent (`XInput`) and as it is answered (`X`).
type Schemas = Record<string, unknown>;
interface Document {
  components?: { schemas?: Schemas };
}

const REFERENCE = /"#\/components\/schemas\/([^"]+)"/g;

/** A document that says the same without the surplus. */
export function tidyOpenApi<T extends Document>(document: T): T {
  const schemas = document.components?.schemas ?? {};
  const used = reachable({ ...document, components: {} }, schemas);
  const plainName = (name: string) => {
    const plain = name.replace(/Input$/, '');
    const taken = used.has(plain) && JSON.stringify(schemas[plain]) !== JSON.stringify(schemas[name]);
    return taken ? name : plain;
  };
  const kept = Object.fromEntries([...used].sort().map((name) => [plainName(name), schemas[name]]));
  const text = JSON.stringify({ ...document, components: { ...document.components, schemas: kept } });
  return JSON.parse(
    text.replaceAll(REFERENCE, (_whole, name: string) => `"#/components/schemas/${plainName(name)}"`),
  ) as T;
}

/** Names of the schemas that `start` refers to, and those that they refer to. */
function reachable(start: unknown, schemas: Schemas): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(REFERENCE)) {
      if (name === undefined || found.has(name) || !(name in schemas)) continue;
      found.add(name);
      visit(schemas[name]);
    }
  };
  visit(start);
  return found;
}
