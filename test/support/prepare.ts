// Global set-up of the projects that need real components: starts the set-up and does not wait for it, so that quick
// tests run meanwhile. The tests that need them wait in await-components.ts.
import { ensureComponents, progressDisplay } from '../../src/local/components/index.ts';

export default function prepare(): void {
  const { onProgress } = progressDisplay(
    Object.assign(Object.create(process.stderr) as typeof process.stderr, { isTTY: false }),
  );
  ensureComponents({ onProgress }).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
  });
}
