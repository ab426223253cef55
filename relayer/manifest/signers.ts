/** The signer set of the manifest: who attests, and how many must agree. */
import { z } from 'zod';
import { compareBytes, fromHex } from '../core/bytes.ts';
import { type SignerSet, signerSetHash } from '../core/checkpoint.ts';
import { SIGNERS_MAX } from '../core/limits.ts';
import { evmAddressField, integerField, labelField, slugField, u64Field } from './fields.ts';

export interface SignerMember {
  readonly name: string;
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Who runs it; members of one operator fall together. */
  readonly operator: string | undefined;
}

export interface ManifestSigners {
  readonly epoch: bigint;
  readonly threshold: number;
  /** In the manifest's order. */
  readonly members: readonly SignerMember[];
  /** As gateways know it: members ascending by address. */
  readonly set: SignerSet;
  /** 32 bytes: `signerSetHash(set)`. */
  readonly setHash: Uint8Array;
}

const MEMBERS = `a list of 1 to ${SIGNERS_MAX} members`;

export const memberSchema = z
  .strictObject(
    {
      name: slugField().describe('Name of the attester, as in its own relayer config.'),
      address: evmAddressField().describe('Address of its signing key.'),
      operator: labelField().optional().describe('Who runs it. Used to warn when one party could sign alone.'),
    },
    { error: 'a member: an object with name and address' },
  )
  .describe('A member of the signer set.');

export const signersSchema = z
  .strictObject(
    {
      epoch: u64Field().describe('Counts the signer sets; goes up by one with each rotation.'),
      threshold: integerField(1, SIGNERS_MAX).describe('Signatures that a checkpoint needs.'),
      members: z
        .array(memberSchema, { error: MEMBERS })
        .min(1, { error: MEMBERS })
        .max(SIGNERS_MAX, { error: MEMBERS })
        .describe('The attesters.'),
    },
    { error: 'an object with epoch, threshold and members' },
  )
  .describe('The attesters, and how many must sign.');

export function toSigners(raw: z.output<typeof signersSchema>): ManifestSigners {
  const members = raw.members.map((member): SignerMember => {
    return { name: member.name, address: fromHex(member.address, 20), operator: member.operator };
  });
  const set: SignerSet = {
    epoch: BigInt(raw.epoch),
    threshold: raw.threshold,
    members: members.map((member) => member.address).sort(compareBytes),
  };
  return { epoch: set.epoch, threshold: set.threshold, members, set, setHash: signerSetHash(set) };
}
