/** `viaduct status`: what a running relayer says of its lanes and chains. */
import { loadConfig, systemSources } from '../config/index.ts';
import { createApiClient } from './apiClient.ts';
import { EXIT } from './exitCodes.ts';
import { type Output, table } from './output.ts';
import { apiUrl } from './apiUrl.ts';

interface LaneRow {
  readonly source: string;
  readonly target: string;
  readonly assurance: string;
  readonly derived: string;
  readonly attested: string;
  readonly accepted: string;
  readonly delivered: string;
  readonly blocked?: { readonly step: string; readonly reason: string };
}

interface Readiness {
  readonly ready: boolean;
  readonly busConnected: boolean;
  readonly chains: Readonly<Record<string, { readonly state: string; readonly derivedHeight?: string }>>;
}

/** The exit code: 0 when the relayer is ready. */
export async function status(options: { config: string; api?: string }, output: Output): Promise<number> {
  const api = createApiClient(options.api ?? apiUrl(loadConfig(options.config, systemSources())));
  const readiness = (await api.get('/readyz')) as Readiness;
  const { lanes } = (await api.get('/v1/lanes')) as { lanes: LaneRow[] };
  output.line(
    table([
      ['chain', 'state', 'derived to'],
      ...Object.entries(readiness.chains).map(([name, { state, derivedHeight }]) => [
        name,
        state,
        derivedHeight ?? '-',
      ]),
    ]),
  );
  output.line('');
  output.line(
    table([
      ['lane', 'verified', 'attested', 'accepted', 'delivered', 'source verified by', 'blocked'],
      ...lanes.map((lane) => [
        // A vault's home lane carries deposits back that cannot travel.
        lane.source === lane.target ? `${lane.source}, refunds` : `${lane.source} -> ${lane.target}`,
        lane.derived,
        lane.attested,
        lane.accepted,
        lane.delivered,
        lane.assurance,
        lane.blocked === undefined ? '' : `${lane.blocked.step}: ${lane.blocked.reason}`,
      ]),
    ]),
  );
  output.line('');
  output.line(readiness.ready ? 'ready' : `not ready${readiness.busConnected ? '' : ': the bus is away'}`);
  output.result({ ...readiness, lanes });
  return readiness.ready ? EXIT.ok : EXIT.failed;
}
