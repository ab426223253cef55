/** Sends a signed transaction to every endpoint; one that takes or knows it is enough. */
import { ViaductError } from '../../relayer/core/errors.ts';
import type { SignedTransaction } from '../../relayer/core/ports.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { type EndpointRing, isEndpointsFault } from '../endpoints/endpointRing.ts';
import { readAccount, readTx } from './chainQueries.ts';
import { checkTxMeaning, nodeMeaning, type SubmitMeaning } from './errors.ts';
import { asRecord } from './json.ts';
import type { CometEndpoint } from './rpc.ts';

interface Refusal {
  readonly meaning: Exclude<SubmitMeaning, 'taken'>;
  readonly words: string;
}

export async function broadcastTx(
  ring: EndpointRing<CometEndpoint>,
  address: string,
  transaction: SignedTransaction,
  signal: AbortSignal,
): Promise<void> {
  const tx = Buffer.from(transaction.raw).toString('base64');
  const answers = await Promise.all(ring.all.map(async (endpoint) => submit(endpoint, tx, signal)));
  const refusals = answers.filter((answer) => answer !== 'taken');
  if (refusals.length < answers.length) return;

  const has = (wanted: Refusal['meaning']): boolean => refusals.some(({ meaning }) => meaning === wanted);
  const metaMessages = refusals.map(({ words }) => `An endpoint says: ${words}`);
  const { slot } = transaction;
  if (has('sequence')) {
    const used = await ring.ask(async (endpoint) => {
      const sequence = (await readAccount(endpoint, address, signal))?.sequence ?? 0n;
      const isOurs = sequence > slot && (await readTx(endpoint, transaction.hash, signal)) !== undefined;
      return { sequence, isOurs };
    }, signal);
    // Included already; or an earlier attempt in the same slot waits in the mempool, and is as good until it times out.
    if (used.isOurs || used.sequence === slot) return;
    if (used.sequence > slot) {
      throw new ViaductError({
        code: 'TX_NONCE_TAKEN',
        shortMessage: `Another transaction of account ${address} took sequence ${slot}.`,
        metaMessages,
      });
    }
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `Transaction ${slot} of account ${address} waits for those before it.`,
      metaMessages,
    });
  }
  if (has('stale')) {
    throw new ViaductError({
      code: 'TX_UNDERPRICED',
      shortMessage: `Transaction ${slot} of account ${address} has to be replaced.`,
      metaMessages,
    });
  }
  if (has('outOfFunds')) {
    throw new ViaductError({
      code: 'ACCOUNT_OUT_OF_FUNDS',
      shortMessage: `Account ${address} cannot pay the fee of its transaction.`,
      metaMessages: [...metaMessages, 'Send it coins of this chain.'],
    });
  }
  throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint took the transaction.', metaMessages });
}

async function submit(endpoint: CometEndpoint, tx: string, signal: AbortSignal): Promise<'taken' | Refusal> {
  try {
    const answer = await endpoint.call({ method: 'broadcast_tx_sync', params: { tx } }, signal);
    if (answer.kind === 'error') {
      const { message: words } = answer;
      return nodeMeaning(words) === 'known' ? 'taken' : { meaning: 'other', words };
    }
    const checked = asRecord(answer.value);
    const [code, codespace] = [checked?.['code'], checked?.['codespace']];
    const meaning = checkTxMeaning(code, codespace);
    return meaning === 'taken' ? meaning : { meaning, words: `code ${String(code)} of ${String(codespace)}` };
  } catch (thrown) {
    const error = asViaductError(thrown);
    if (!isEndpointsFault(error)) throw error;
    return { meaning: 'other', words: error.shortMessage };
  }
}
