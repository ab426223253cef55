/**
 * Keccak-f[1600] as WebAssembly (FIPS 202, 3.2 and 3.3), for one state or two.
 *
 * In place: a round writes each word of a row where one of the words that it came from was. So words wander through the
 * 25 locals, and after four rounds each is where it began (Keccak implementation overview, 2.5): the loop holds four rounds
 * and moves nothing.
 */
import { type Code, i32, local, op, type WasmFunction } from './wasmModule.ts';
import type { Words } from './words.ts';

export const ROUNDS = 24;
const WORDS = 25;
const ROUNDS_IN_LOOP = 4;

/** FIPS 202, 3.2.5: the round constants, by the linear feedback shift register that makes their bits. */
export function roundConstants(): bigint[] {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1);
      register = register & 0x80 ? ((register << 1) & 0xff) ^ 0x71 : register << 1;
    }
    return constant;
  });
}

/** FIPS 202, 3.2.2: by how much the word at x + 5y is rotated. */
export function rotations(): number[] {
  const offsets = Array.from({ length: WORDS }, () => 0);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    offsets[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return offsets;
}

/** A function without parameters that permutes the state(s) at `stateAt`; the round constants lie at `constantsAt`. */
export function permutation(name: string, words: Words, stateAt: number, constantsAt: number): WasmFunction {
  const turn = rotations();
  const [round, lanes, column, theta, row] = [0, 1, 26, 31, 36] as const;
  const scratch = row + 5;
  const get = local.get;

  const body: number[] = [];
  const emit = (...codes: readonly Code[]): void => codes.forEach((code) => body.push(...code));
  /** The local that holds the word at x + 5y. */
  let place = Array.from({ length: WORDS }, (_, index) => lanes + index);
  const at = (x: number, y: number): number => place[mod5(x) + 5 * y] as number;

  function emitRound(constant: Code): void {
    // Theta: c[x] is the parity of a column; d[x] = c[x - 1] ^ (c[x + 1] <<< 1).
    for (let x = 0; x < 5; x++) {
      emit(get(at(x, 0)));
      for (let y = 1; y < 5; y++) emit(get(at(x, y)), words.xor);
      emit(local.set(column + x));
    }
    for (let x = 0; x < 5; x++) {
      emit(get(column + mod5(x + 1)), words.rotate(1, scratch), get(column + mod5(x - 1)), words.xor);
      emit(local.set(theta + x));
    }
    // Rho and pi: the word of row y' at x' comes from (x' + 3y', x'). Chi, and iota on the word at 0.
    const next = [...place];
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 5; x++) {
        const from = mod5(x + 3 * y);
        emit(get(at(from, x)), get(theta + from), words.xor);
        emit(words.rotate(turn[from + 5 * x] as number, scratch), local.set(row + x));
      }
      for (let x = 0; x < 5; x++) {
        emit(get(row + x), words.notAnd(row + mod5(x + 1), row + mod5(x + 2)), words.xor);
        if (x === 0 && y === 0) emit(constant, words.xor);
        // Of the five places that the row came from, the one in the same column: so four rounds bring all back.
        next[x + 5 * y] = at(x, mod5(x + 2 * y));
        emit(local.set(next[x + 5 * y] as number));
      }
    }
    place = next;
  }

  for (let index = 0; index < WORDS; index++) {
    emit(i32(stateAt), words.load(index * words.bytes), local.set(lanes + index));
  }
  const before = body.length;
  for (let n = 0; n < ROUNDS_IN_LOOP; n++) emitRound(words.loadShared(get(round), constantsAt + 8 * n));
  emit(get(round), i32(8 * ROUNDS_IN_LOOP), op.i32Add, local.tee(round), i32(8 * ROUNDS), op.i32LtU);
  const loop = op.loop(body.splice(before));
  emit(loop);
  for (let index = 0; index < WORDS; index++) {
    emit(i32(stateAt), get(place[index] as number), words.store(index * words.bytes));
  }
  return {
    name,
    parameters: 0,
    locals: [
      [1, 'i32'],
      [scratch, words.type],
    ],
    body,
  };
}

function mod5(value: number): number {
  return ((value % 5) + 5) % 5;
}
