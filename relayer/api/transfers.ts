/** Looks transfers up by id, by place (`<lane>-<sequence>`) or by source transaction, and says where they stand. */
import { equalBytes, toHex } from '../core/bytes.ts';
import { endSequence } from '../core/certificate.ts';
import { asViaductError, type ViaductError } from '../core/errors.ts';
import { type ChainName, idBytes, type LaneId, laneId, transferId, type TransferId } from '../core/ids.ts';
import { ID_SEARCH_FRAMES_MAX } from '../core/limits.ts';
import { decodePacket, type Packet, transferIdOf, transferIdsOf } from '../core/packet.ts';
import type { ChainSource } from '../core/ports.ts';
import { isIn } from '../core/ranges.ts';
import {
  assetById,
  chainByName,
  formatAccount,
  isHomeLane,
  laneById,
  type Manifest,
  type ManifestLane,
} from '../manifest/index.ts';
import type { Journal } from '../store/journal.ts';
import { transferStatus } from './transferStatus.ts';

export interface TransfersDeps {
  readonly manifest: Manifest;
  readonly journal: Journal;
  readonly sources: ReadonlyMap<ChainName, ChainSource>;
  /** How each chain is verified, for people. */
  readonly finality: ReadonlyMap<ChainName, string>;
  /** What roles said lately about a lane. */
  blocked(lane: LaneId): { readonly step: string; readonly reason: string } | undefined;
}

export interface Place {
  readonly lane: ManifestLane;
  readonly sequence: bigint;
}

export interface Transfers {
  /** Where `id` is: 64 hex digits, or `<lane>-<sequence>`. Undefined when it is not among what is known. */
  find(id: string): Promise<Place | undefined>;
  findByTransaction(transaction: string, chain: ChainName | undefined, signal: AbortSignal): Promise<Place[]>;
  /** The transfer as JSON for the API. */
  describe(place: Place): Promise<Record<string, unknown>>;
  /** First sequence of the lane that no certificate covers. */
  attested(lane: LaneId): Promise<bigint>;
}

const CERTIFICATES_PER_READ = 256;
/** The last sequence that leaves room in a u64 for the end of its range. */
const SEQUENCE_MAX = (1n << 64n) - 2n;

export function createTransfers({ manifest, journal, sources, finality, blocked }: TransfersDeps): Transfers {
  async function find(id: string): Promise<Place | undefined> {
    const place = /^(?:0x)?([0-9a-fA-F]{64})-(\d{1,20})$/.exec(id);
    if (place !== null) {
      const lane = laneById(manifest, laneId(place[1] ?? ''));
      const sequence = BigInt(place[2] ?? '');
      return lane === undefined || sequence > SEQUENCE_MAX ? undefined : { lane, sequence };
    }
    const wanted = idBytes(transferId(id));
    for (const lane of manifest.lanes) {
      for await (const frame of journal.latestFrames(lane.id, ID_SEARCH_FRAMES_MAX)) {
        const ids = transferIdsOf(lane.id, frame.packets);
        for (let index = 0; index < frame.count; index++) {
          if (!equalBytes(ids.subarray(index * 32, (index + 1) * 32), wanted)) continue;
          return { lane, sequence: frame.firstSequence + BigInt(index) };
        }
      }
    }
    return undefined;
  }

  async function findByTransaction(transaction: string, chain: ChainName | undefined, signal: AbortSignal) {
    let failure: ViaductError | undefined;
    for (const [name, source] of sources) {
      if (chain !== undefined && chain !== name) continue;
      try {
        const deposits = (await source.findDeposits(transaction, signal)) ?? [];
        const found = deposits.flatMap(({ lane: id, sequence }): Place[] => {
          const lane = laneById(manifest, id);
          return lane === undefined || sequence > SEQUENCE_MAX ? [] : [{ lane, sequence }];
        });
        if (found.length > 0) return found;
      } catch (thrown) {
        // A chain that is away does not hide what another one has.
        failure ??= asViaductError(thrown);
      }
    }
    if (failure !== undefined) throw failure;
    return [];
  }

  async function attested(lane: LaneId): Promise<bigint> {
    for (let { accepted: end } = await journal.lane(lane); ;) {
      const before = end;
      for (const { checkpoint } of await journal.certificates(lane, end, CERTIFICATES_PER_READ)) {
        if (checkpoint.firstSequence <= end && endSequence(checkpoint) > end) end = endSequence(checkpoint);
      }
      if (end === before) return end;
    }
  }

  async function status(place: Place, id: TransferId | undefined) {
    const { lane, sequence } = place;
    const record = await journal.lane(lane.id);
    const back = id === undefined ? undefined : await journal.returnOf(id);
    const returned =
      back === undefined ? undefined : { delivered: isIn((await journal.lane(back.lane)).delivered, back.sequence) };
    const state = transferStatus({
      sequence,
      derived: record.derived,
      attested: await attested(lane.id),
      accepted: record.accepted,
      executed: isIn(record.delivered, sequence),
      returned,
      blocked: blocked(lane.id),
      finality: finality.get(lane.source) ?? 'unknown finality rule',
      isRefund: isHomeLane(lane),
    });
    return { ...state, back };
  }

  return {
    find,
    findByTransaction,
    attested,
    async describe(place) {
      const { lane, sequence } = place;
      const bytes = await journal.readPackets(lane.id, sequence, 1);
      const id = bytes === undefined ? undefined : transferIdOf(lane.id, bytes);
      const { state, settled, waitingFor, back } = await status(place, id);
      const delivery = await journal.deliveredBy(lane.id, sequence);
      const refusal = await journal.refusal(lane.id, sequence);
      return {
        ...(id === undefined ? {} : { id }),
        place: `${lane.id}-${sequence}`,
        lane: lane.id,
        sequence: sequence.toString(),
        source: lane.source,
        target: lane.target,
        state,
        settled,
        ...(waitingFor === undefined ? {} : { waitingFor }),
        ...(bytes === undefined ? {} : describePacket(manifest, lane, decodePacket(bytes))),
        ...(delivery?.transaction === undefined ? {} : { targetTransaction: delivery.transaction }),
        ...(refusal === undefined ? {} : { refusal: refusal.reason }),
        ...(back === undefined ? {} : { return: `${back.lane}-${back.sequence}` }),
      };
    },
  };
}

function describePacket(manifest: Manifest, lane: ManifestLane, packet: Packet): Record<string, unknown> {
  const asset = assetById(manifest, packet.asset);
  return {
    kind: packet.kind,
    asset: packet.asset,
    ...(asset === undefined ? {} : { symbol: asset.symbol, decimals: asset.decimals }),
    amount: packet.amount.toString(),
    sender: accountOn(manifest, lane.source, packet.sender),
    receiver: accountOn(manifest, lane.target, packet.receiver),
    ...(packet.deadline === 0n ? {} : { deadline: packet.deadline.toString() }),
  };
}

/** As people write it on the chain. A packet may carry what is no account there: then its bytes are shown. */
function accountOn(manifest: Manifest, name: ChainName, account: Uint8Array): string {
  const chain = chainByName(manifest, name);
  return chain === undefined ? toHex(account) : formatAccount(chain, account);
}
