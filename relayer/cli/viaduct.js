#!/usr/bin/env node
// The `viaduct` command: the program is TypeScript and runs through tsx, on every supported Node alike.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
