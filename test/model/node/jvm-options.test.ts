import { describe, expect, it } from 'vitest';
import { jvmOptions } from '../../../src/model/node/jvm-options.ts';

const optionsFor = (...users: string[]) => jvmOptions({ heapMb: 512, jvmOptions: users });

describe('jvmOptions', () => {
  it("are Kafka's own when the user has none", () => {
    expect(optionsFor()).toMatchInlineSnapshot(`
      [
        "-Xms512m",
        "-Xmx512m",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-XX:MaxInlineLevel=15",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "-Djava.net.preferIPv4Stack=true",
        "-Dlog4j2.configurationFile=log4j2.properties",
      ]
    `);
  });

  it.each(['-XX:+UseZGC', '-XX:+UseSerialGC', '-XX:+UseParallelGC', '-XX:+UseShenandoahGC', '-XX:+UseG1GC'])(
    "have no other garbage collector beside the user's %s",
    (collector) => {
      const options = optionsFor(collector);
      expect(options.filter((option) => /^-XX:\+Use\w*GC$/.test(option))).toEqual([collector]);
      expect(options.join(' ')).not.toMatch(/MaxGCPauseMillis|InitiatingHeapOccupancy|ExplicitGC/);
      expect(options).toContain('-XX:+ExitOnOutOfMemoryError');
    },
  );

  it("hold a thing once, as the user's option sets it", () => {
    const users = [
      '-XX:MaxGCPauseMillis=50',
      '-Djava.net.preferIPv4Stack=false',
      '-XX:-ExitOnOutOfMemoryError',
    ];
    const options = optionsFor(...users);
    expect(options.filter((option) => /MaxGCPause|preferIPv4|ExitOnOut/.test(option))).toEqual(users);
  });
});
