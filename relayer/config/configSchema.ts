/** relayer.yaml as it is written. Conversion to `RelayerConfig` and the checks across fields come after. */
import { z } from 'zod';
import { evmAddressField, integerField, slugField } from '../manifest/fields.ts';
import { LOG_FORMATS, LOG_LEVELS, ROLES } from './relayerConfig.ts';
import { DEFAULT_TUNING, POLL_MS, tuningSchema } from './tuning.ts';

/** Bytes of a relayer.yaml: 64 chains with 16 endpoints and 64 accounts each take about 200 kB. */
export const CONFIG_BYTES_MAX = 512 * 1024;
export const ENDPOINTS_MAX = 16;
export const ACCOUNTS_MAX = 64;
/** Times as much as a lane of weight 1: beyond this the others would hardly move. */
export const LANE_WEIGHT_MAX = 1_000;
export const FEE_GWEI = { max: 1_000_000, default: 100 } as const;
export const FORWARD = {
  openMax: { max: 10_000, default: 1_000 },
  pokesPerHourMax: { max: 100_000, default: 600 },
} as const;
export const API_DEFAULT = { host: '127.0.0.1', port: 7717 } as const;

const PATH = 'the path of a file or directory';
const KEY = 'a private key: 64 hex digits, with or without 0x';
const ENDPOINTS = `a list of 1 to ${ENDPOINTS_MAX} endpoints, each a map with url`;
const BEACONS = `a list of 1 to ${ENDPOINTS_MAX} beacon nodes, each a map with url`;
const ACCOUNTS = `a list of 1 to ${ACCOUNTS_MAX} accounts, each a map with key`;
const ROLE = `a role: ${ROLES.join(', ')}`;
const ROLE_LIST = `a list of one or more roles: ${ROLES.join(', ')}`;
const GWEI = `a number above 0, at most ${FEE_GWEI.max}`;
const TEXT = 'a text of 1 to 1024 characters';
const HOST = 'an address or host name to listen on, such as 127.0.0.1';
const LEVEL = `one of ${LOG_LEVELS.join(', ')}`;
const FORMAT = `one of ${LOG_FORMATS.join(', ')}`;

const endpointSchema = z
  .strictObject(
    {
      url: secret(
        urlField('an http:// or https:// address', /^https?:\/\//),
        'JSON-RPC over HTTP; of a Cosmos chain, the RPC of CometBFT.',
      ),
      ws: secret(
        urlField('a ws:// or wss:// address', /^wss?:\/\//),
        'The same over WebSocket, to hear of new blocks early.',
      ).optional(),
    },
    { error: 'a map with url' },
  )
  .describe('One node of the chain. None is trusted.');

const beaconSchema = z
  .strictObject(
    { url: secret(urlField('an http:// or https:// address', /^https?:\/\//), 'Beacon API over HTTP.') },
    { error: 'a map with url' },
  )
  .describe('One beacon node of the chain. None is trusted.');

const accountSchema = z
  .strictObject({ key: keyField('Private key of a funded account that pays fees.') }, { error: 'a map with key' })
  .describe('An account that submits. It has no authority over the gateways.');

export const forwardSchema = z
  .strictObject(
    {
      factory: evmAddressField().describe(
        'Address of the factory of forwarders. It is trusted with what users of this config send on through the chain.',
      ),
      key: keyField(
        'Private key of a funded account that pokes forwarders, and does nothing else. Without it this process pokes none.',
      ).optional(),
      openMax: integerField(1, FORWARD.openMax.max)
        .default(FORWARD.openMax.default)
        .describe('Forwards registered here and not at their end.'),
      pokesPerHourMax: integerField(1, FORWARD.pokesPerHourMax.max)
        .default(FORWARD.pokesPerHourMax.default)
        .describe('Transactions that the account pays for in an hour.'),
    },
    { error: 'a map with factory' },
  )
  .describe('Forwarders: contracts through which transfers change lanes on this chain. Off when left out.');

export const chainConfigSchema = z
  .strictObject(
    {
      endpoints: z
        .array(endpointSchema, { error: ENDPOINTS })
        .min(1, { error: ENDPOINTS })
        .max(ENDPOINTS_MAX, { error: ENDPOINTS })
        .describe('Nodes of the chain, run by different parties where possible.'),
      beacon: z
        .array(beaconSchema, { error: BEACONS })
        .min(1, { error: BEACONS })
        .max(ENDPOINTS_MAX, { error: BEACONS })
        .optional()
        .describe('Beacon nodes of the chain, for the light client of kind ethereum.'),
      accounts: z
        .array(accountSchema, { error: ACCOUNTS })
        .min(1, { error: ACCOUNTS })
        .max(ACCOUNTS_MAX, { error: ACCOUNTS })
        .optional()
        .describe(
          'Accounts that submit to this chain; the load is spread over them. A vault pays its own fees and has none.',
        ),
      maxFeePerGasGwei: z
        .number({ error: GWEI })
        .min(1e-9, { error: GWEI })
        .max(FEE_GWEI.max, { error: GWEI })
        .default(FEE_GWEI.default)
        .describe('The most a transaction offers per gas, in gwei.'),
      forward: forwardSchema.optional(),
      vaultKey: keyField(
        "Secret of this member of the chain's vault: its keys of all shards come from it. Its public keys are in the manifest.",
      ).optional(),
      submitterKey: keyField(
        "Seed of the accounts that open and carry out payments of a Substrate chain's vault. They pay fees and have no authority.",
      ).optional(),
      relayEndpoints: z
        .array(endpointSchema, { error: ENDPOINTS })
        .min(1, { error: ENDPOINTS })
        .max(ENDPOINTS_MAX, { error: ENDPOINTS })
        .optional()
        .describe('Nodes of the relay chain, whose finality a parachain has.'),
      pollMs: integerField(POLL_MS.min, POLL_MS.max)
        .default(POLL_MS.default)
        .describe('How often the chain is asked for a new block.'),
      laneWeights: z
        .record(slugField(), integerField(1, LANE_WEIGHT_MAX), { error: 'a map from source chains to weights' })
        .default({})
        .describe(
          'How the places of this target chain are shared among the lanes that wait for it, by the name of their source: a ' +
            'lane of weight 3 gets three times what one of weight 1 gets. Lanes not named have weight 1.',
        ),
    },
    { error: 'a map with endpoints' },
  )
  .describe('How this process reaches one chain of the manifest.');

export const attesterSchema = z
  .strictObject(
    {
      name: slugField().describe("Name of the member in the manifest's signer set."),
      key: keyField('Private key of that member.'),
    },
    { error: 'a map with name and key' },
  )
  .describe('Who this process signs as; needed by the role attest.');

export const natsSchema = z
  .strictObject(
    {
      url: secret(
        urlField('a nats:// or tls:// address', /^(nats|tls):\/\//).refine((text) => !/^[a-z]+:\/\/[^/]*@/.test(text), {
          error: 'an address without credentials (write them as user and password, or token)',
        }),
        'Address of the NATS server.',
      ),
      user: z
        .string({ error: TEXT })
        .min(1, { error: TEXT })
        .max(1024, { error: TEXT })
        .optional()
        .describe('User name.'),
      password: secret(textField(), 'Password of the user.').optional(),
      token: secret(textField(), 'Token, instead of user and password.').optional(),
      credsFile: z
        .string({ error: PATH })
        .min(1, { error: PATH })
        .optional()
        .describe('Path of a .creds file, instead of user and password or token.'),
    },
    { error: 'a map with url' },
  )
  .describe('The bus.');

export const configSchema = z
  .strictObject(
    {
      manifest: z
        .string({ error: PATH })
        .min(1, { error: PATH })
        .describe('Path of the manifest, relative to this file.'),
      dataDir: z
        .string({ error: PATH })
        .min(1, { error: PATH })
        .default('./data')
        .describe('Directory of the journal, relative to this file. Back it up: it holds the signing journal.'),
      roles: z
        .array(z.enum(ROLES, { error: ROLE }), { error: ROLE_LIST })
        .min(1, { error: ROLE_LIST })
        .max(64, { error: ROLE_LIST })
        .describe('What this process does.'),
      chains: z
        .record(slugField(), chainConfigSchema, { error: 'a map from chain names to their settings' })
        .default({})
        .describe(
          'The chains this process reaches, by their name in the manifest: all, or a part of which other processes have the rest.',
        ),
      attester: attesterSchema.optional(),
      nats: natsSchema,
      api: z
        .strictObject(
          {
            host: z
              .string({ error: HOST })
              .regex(/^[A-Za-z0-9.:_-]{1,253}$/, { error: HOST })
              .default(API_DEFAULT.host)
              .describe('Address to listen on. The API has no authentication of its own: keep it on loopback.'),
            port: integerField(0, 65_535).default(API_DEFAULT.port).describe('Port to listen on; 0 takes a free one.'),
          },
          { error: 'a map with host and port' },
        )
        .default(API_DEFAULT)
        .describe('The HTTP API, served by the role api.'),
      log: z
        .strictObject(
          {
            level: z.enum(LOG_LEVELS, { error: LEVEL }).default('info').describe('The least that is logged.'),
            format: z
              .enum(LOG_FORMATS, { error: FORMAT })
              .default('json')
              .describe('json for machines, text for people.'),
          },
          { error: 'a map with level and format' },
        )
        .default({ level: 'info', format: 'json' })
        .describe('Logging, to standard error.'),
      tuning: tuningSchema.default(DEFAULT_TUNING),
    },
    { error: 'a map with manifest, roles and nats' },
  )
  .describe(
    'Configuration of one relayer process. Any text may refer to the environment as ${NAME} or to a file as ${file:path}.',
  );

export type RawConfig = z.output<typeof configSchema>;

/** `writeOnly` is JSON Schema's mark for what is never shown; findings respect it. */
function secret(schema: z.ZodString, description: string): z.ZodString {
  return schema.meta({ description, writeOnly: true });
}

function keyField(description: string): z.ZodString {
  return secret(z.string({ error: KEY }).regex(/^(0x)?[0-9a-fA-F]{64}$/, { error: KEY }), description);
}

function textField(): z.ZodString {
  return z.string({ error: TEXT }).min(1, { error: TEXT }).max(1024, { error: TEXT });
}

function urlField(error: string, pattern: RegExp): z.ZodString {
  return z
    .string({ error })
    .max(2048, { error, abort: true })
    .regex(pattern, { error, abort: true })
    .refine((text) => URL.canParse(text) && new URL(text).hostname !== '', { error, abort: true });
}
