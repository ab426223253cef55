/** Events as the SDK emits them. No root covers them, so nothing that is verified may rest on them. */

export interface EventAttribute {
  readonly key: string;
  readonly value: string;
  readonly index: boolean;
}

export interface AppEvent {
  readonly type: string;
  readonly attributes: readonly EventAttribute[];
}

export function event(type: string, attributes: Readonly<Record<string, string>>): AppEvent {
  return { type, attributes: Object.entries(attributes).map(([key, value]) => ({ key, value, index: true })) };
}

/** The events of one message carry its place in the transaction, or in the message around it. */
export function withPlace(
  events: readonly AppEvent[],
  key: 'msg_index' | 'authz_msg_index',
  index: number,
): AppEvent[] {
  const place = { key, value: index.toString(), index: true };
  return events.map(({ type, attributes }) => ({ type, attributes: [...attributes, place] }));
}
