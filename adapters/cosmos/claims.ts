/**
 * Half-signed chunks: asked for in a slot, signed by some members and not by enough. Until that request times out those
 * members sign neither the chunk for another slot nor the slot for another chunk, so it has to be asked for again right
 * there. A hint for this process only: what it forgets costs a timeout.
 */

export interface Claim {
  /** Names the chunk. */
  readonly chunk: string;
  readonly slot: bigint;
  /** The last block that can hold what was signed. */
  readonly untilHeight: bigint;
}

export interface Claims {
  /** One for each account: slots are signed in order. */
  put(address: string, claim: Claim): void;
  /** The account's slots below this one are used: what they were asked for may be asked for elsewhere. */
  passed(address: string, sequence: bigint): void;
  /** Why this account should not ask for this chunk now, or undefined. */
  other(address: string, chunk: string, height: bigint): string | undefined;
}

export function createClaims(): Claims {
  const claims = new Map<string, Claim>();
  return {
    put: (address, claim) => void claims.set(address, claim),
    passed: (address, sequence) => {
      const claim = claims.get(address);
      if (claim !== undefined && claim.slot < sequence) claims.delete(address);
    },
    other: (address, chunk, height) => {
      for (const [holder, claim] of claims) {
        if (claim.untilHeight < height) claims.delete(holder);
        else if ((holder === address) !== (claim.chunk === chunk)) {
          return holder === address
            ? `slot ${claim.slot} of ${address} is signed in part for another chunk`
            : `the chunk is signed in part for slot ${claim.slot} of ${holder}`;
        }
      }
      return undefined;
    },
  };
}
