// Bodies that are a spec: taken as text, so that what is wrong is shown with line and column, for JSON and YAML alike.
import type { FastifyInstance } from 'fastify';

const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** Has every body of these routes taken as it is. */
export function acceptSpecText(
  app: Pick<FastifyInstance, 'removeAllContentTypeParsers' | 'addContentTypeParser'>,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', ...YAML_TYPES],
    { parseAs: 'string' },
    (_request, text, done) => {
      done(null, text);
    },
  );
}

/** In which of the two a body is written. */
export function formatOf(contentType: string | undefined): 'json' | 'yaml' {
  return contentType?.startsWith('application/json') === true ? 'json' : 'yaml';
}
