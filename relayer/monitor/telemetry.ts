/**
 * Telemetry over the bus as JSON, for any NATS client. The same facts are not said more than once in `repeatMs`, so a
 * loop may report in every round; an alert likewise. Facts of one thing that change faster than every `spaceMs` are said as
 * they are then: nobody reads more. Messages carry `node` and `atMs`.
 */
import type { Bus } from '../bus/index.ts';
import { utf8 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { asViaductError } from '../core/errors.ts';
import { TELEMETRY_KEYS_MAX } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Facts, Telemetry } from '../core/telemetry.ts';

export interface TelemetryDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** Which process says it. */
  readonly node: string;
  readonly repeatMs: number;
  /** Default 0. */
  readonly spaceMs?: number;
}

export function createTelemetry({ bus, subjects, clock, log, node, repeatMs, spaceMs = 0 }: TelemetryDeps): Telemetry {
  const said = new Map<string, { text: string; atMs: number }>();

  /** The newest facts of what was spoken of a moment ago. */
  const held = new Map<string, { subject: string; facts: Facts }>();

  function say(subject: string, key: string, facts: Facts, space = 0): void {
    const text = toJson(facts);
    const now = clock.now();
    const last = said.get(key);
    held.delete(key);
    if (last?.text === text && now - last.atMs < repeatMs) return;
    if (last !== undefined && now - last.atMs < space) {
      held.set(key, { subject, facts });
      if (held.size === 1) sayHeldLater();
      return;
    }
    if (said.size >= TELEMETRY_KEYS_MAX && last === undefined) said.clear();
    said.set(key, { text, atMs: now });
    try {
      bus.publish(subject, utf8(toJson({ node, atMs: now, ...facts })));
    } catch (error) {
      log.debug({ subject, code: asViaductError(error).code }, 'telemetry not sent');
    }
  }

  function sayHeldLater(): void {
    clock.sleep(spaceMs).then(
      () => {
        for (const [key, { subject, facts }] of [...held]) say(subject, key, facts);
      },
      () => undefined,
    );
  }

  return {
    report(what, key, facts) {
      // Several roles speak of one lane, and several accounts of one chain.
      const speaker = facts['step'] ?? facts['address'];
      const name = `${what} ${key} ${typeof speaker === 'string' ? speaker : ''}`;
      say(subjects.mon(what, key), name, facts, spaceMs);
    },
    alert(severity, code, message, facts = {}) {
      say(subjects.alert(severity), `${code} ${message}`, { code, message, ...facts });
    },
  };
}

function toJson(facts: Facts): string {
  return JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
