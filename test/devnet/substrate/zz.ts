import { systemClock } from '../../../relayer/core/clock.ts';
import { startLocalSubstrate, stateOf, hexText } from './index.ts';
import { run_task } from '@acala-network/chopsticks-executor';
import { encodeHeader } from '../../../light-clients/grandpa/index.ts';
import { bytesOf } from './chain/block.ts';
const local = await startLocalSubstrate({ clock: systemClock }, {startMs: 1_790_000_000_000});
for (let r=0;r<3;r++) {
const b = local.relay.nextSession(); const parent = stateOf(b.parent!);
const digest = b.header.digest.filter(({ kind }) => kind === 'preRuntime'); const Z = new Uint8Array(32);
const ans: any = await run_task({ id: 1, wasm: hexText(local.relay.chain.runtime.executor.wasm), calls: [['Core_initialize_block', [hexText(encodeHeader({...b.header, stateRoot: Z, extrinsicsRoot: Z, digest}))]], ...b.extrinsics.map((e) => ['BlockBuilder_apply_extrinsic', [hexText(e)]]), ['BlockBuilder_finalize_block', []]], mockSignatureHost: 0, allowUnresolvedImports: false, runtimeLogLevel: 0, storageProofSize: 0 } as any, {
 getStorage: async (k: any) => { const v = parent.get(bytesOf(k)!); return v && hexText(v); }, getNextKey: async (p: any, k: any) => { const n = parent.nextKey(bytesOf(k)!); const s = n && hexText(n); return s?.startsWith(p) ? s : undefined; }, offchainGetStorage: async () => undefined, offchainTimestamp: async () => 0, offchainRandomSeed: async () => '0x00' as any, offchainSubmitTransaction: async () => true } as any);
const theirs = new Map<string,string|undefined>(ans.Call.storageDiff.map(([k, v]: any) => [k, v ?? undefined]));
const st = stateOf(b); const keys = new Set([...theirs.keys()]); for (const [k, v] of st.entries()) { const o = parent.get(k); if (!o || hexText(o) !== hexText(v)) keys.add(hexText(k)); } for (const [k] of parent.entries()) if (st.get(k) === undefined) keys.add(hexText(k));
for (const k of keys) { const ours = st.get(bytesOf(k)!); const o = ours && hexText(ours); const pv = parent.get(bytesOf(k)!); const t = theirs.has(k) ? theirs.get(k) : pv && hexText(pv); if (o !== t) console.log(b.number, k, '\n ours', o?.slice(0, 200), '\n theirs', t?.slice(0, 200), '\n parent', pv && hexText(pv).slice(0, 200)); }
}
await local.stop();
