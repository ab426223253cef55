/**
 * The evidence of a vault gateway at one head, as bytes: all headers between cursor and head, and from the lowest on the
 * whole blocks with their results, as many as fit. Untrusted until `derive` says otherwise.
 *
 *   evidence = { 1: version, 2: repeated Header ascending, 3: repeated block, 4: repeated chunk }
 *   block    = { 1: repeated transaction, 2: repeated result { 1: code, 2: data, 5: gas wanted, 6: gas used } }
 *
 * The result is the very message that CometBFT hashes. A chunk is the packets of a release that refused some of them, whole
 * and end to end: the release's memo has their hash.
 */
import {
  bytesField,
  decoding,
  joinBytes,
  Malformed,
  messageField,
  readMessage,
  varintField,
} from '../../light-clients/protobuf.ts';
import { decodeHeader, encodeHeader, type Header, type TxResult } from '../../light-clients/tendermint/index.ts';
import { CHUNK_PACKETS_MAX, EVIDENCE_BYTES_MAX, PACKET_BYTES } from '../../relayer/core/limits.ts';
import type { Verdict } from '../../relayer/core/ports.ts';

export interface BlockContent {
  readonly txs: readonly Uint8Array[];
  readonly results: readonly TxResult[];
}

export interface Evidence {
  /** From the block after the cursor to the one before the head. */
  readonly headers: readonly Header[];
  /** Of the first of these blocks. */
  readonly blocks: readonly BlockContent[];
  /** Packets of releases with refusals in these blocks. */
  readonly chunks: readonly Uint8Array[];
}

/** Headers in one evidence: 10 MB. The source stops the light client long before there are so many. */
export const EVIDENCE_HEADERS_MAX = 20_000;

const VERSION = 1;
const EVIDENCE = { 1: 'varint', 2: 'repeatedBytes', 3: 'repeatedBytes', 4: 'repeatedBytes' } as const;
const BLOCK = { 1: 'repeatedBytes', 2: 'repeatedBytes' } as const;
const RESULT = { 1: 'varint', 2: 'bytes', 5: 'varint', 6: 'varint' } as const;

export function encodeEvidence({ headers, blocks, chunks }: Evidence): Uint8Array {
  return joinBytes([
    varintField(1, VERSION),
    ...headers.map((header) => messageField(2, encodeHeader(header))),
    ...blocks.map((block) => messageField(3, encodeBlock(block))),
    ...chunks.map((chunk) => messageField(4, chunk)),
  ]);
}

/** The size that a block adds. */
export function encodeBlock({ txs, results }: BlockContent): Uint8Array {
  return joinBytes([
    ...txs.map((tx) => messageField(1, tx)),
    ...results.map(({ code, data, gasWanted, gasUsed }) =>
      messageField(
        2,
        joinBytes([varintField(1, code), bytesField(2, data), varintField(5, gasWanted), varintField(6, gasUsed)]),
      ),
    ),
  ]);
}

/** Total and bounded. */
export function decodeEvidence(bytes: Uint8Array): Verdict<Evidence> {
  return decoding('evidence', () => {
    if (bytes.length > EVIDENCE_BYTES_MAX) throw new Malformed('too long');
    const message = readMessage(bytes, EVIDENCE, 'evidence');
    if (message.uint64(1) !== BigInt(VERSION)) throw new Malformed('unknown version');
    if (message.repeated(2).length > EVIDENCE_HEADERS_MAX) throw new Malformed('too many headers');
    const headers = message.repeated(2).map((item) => {
      const header = decodeHeader(item);
      if (header.kind !== 'valid') throw new Malformed(header.reason);
      return header.value;
    });
    const chunks = message.repeated(4);
    if (chunks.some(({ length }) => length > CHUNK_PACKETS_MAX * PACKET_BYTES || length % PACKET_BYTES !== 0)) {
      throw new Malformed('a chunk that is none');
    }
    return { headers, blocks: message.repeated(3).map(readBlock), chunks };
  });
}

function readBlock(bytes: Uint8Array): BlockContent {
  const block = readMessage(bytes, BLOCK, 'block');
  const results = block.repeated(2).map((item): TxResult => {
    const result = readMessage(item, RESULT, 'result');
    return { code: result.uint32(1), data: result.bytes(2), gasWanted: result.int64(5), gasUsed: result.int64(6) };
  });
  return { txs: block.repeated(1), results };
}
