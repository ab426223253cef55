import { systemClock } from '../../../relayer/core/clock.ts';
import { startLocalSubstrate } from './index.ts';
let t = process.cpuUsage(); const lap = (n: string) => { const q = process.cpuUsage(t); console.log(n, ((q.user + q.system)/1000).toFixed(0)); t = process.cpuUsage(); };
const local = await startLocalSubstrate({ clock: systemClock }); lap('start');
for (let i = 0; i < 4; i++) { local.relay.nextSession(); local.assetHub.produceBlock(); } lap('4 para+session');
for (let i = 0; i < 20; i++) { local.assetHub.produceBlock(); } lap('20 paras');
for (let i = 0; i < 100; i++) { local.relay.produceBlock(); } lap('100 relay'); console.log(process.memoryUsage().rss/1e6);
await local.stop();
