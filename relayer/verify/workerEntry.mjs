// The thread's program is TypeScript and runs through tsx, on every supported Node alike: `--import tsx` does not reach
// threads on Node 20.
import { register } from 'tsx/esm/api';

register();
await import('./serveLightClients.ts');
