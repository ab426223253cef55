import { describe, expect, it } from 'vitest';
import { systemClock } from '../../relayer/core/clock.ts';
import { type LogFields, type Logger, silentLogger } from '../../relayer/core/log.ts';
import type { Cosigners } from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import type { ChainView } from './chainView.ts';
import { keyFromSeed } from './keys.ts';
import { vaultAccount } from './multisig.ts';
import { createSubstrateVault, type SubmitterKeys } from './vault.ts';
import { DEV_SEED, makeGateway } from './vault.fixture.ts';

const key = (path: string) => keyFromSeed(DEV_SEED, path);
const pair = (operator: string, number: number): SubmitterKeys => ({
  opener: key(`//${operator}//opener//${number}`),
  executor: key(`//${operator}//executor//${number}`),
});
const signers = { members: ['//a', '//b', '//c'].map((path) => key(path).account), threshold: 2 };
/** Two accounts are Ann's, one is Ben's. */
const pairs = [pair('ann', 0), pair('ben', 0), pair('ann', 2)];
const gateway = makeGateway(
  pairs.map(({ opener, executor }) => vaultAccount(signers, opener.account, executor.account)),
);
const addresses = gateway.vaults.map(({ account }) => formatAccount(account, 42));
const cosigners: Cosigners = { collect: async () => Promise.resolve() };
// Nothing here asks the chain.
const view = {} as ChainView;

function make(submitters: readonly SubmitterKeys[], memberPath?: string) {
  const told: LogFields[] = [];
  const log: Logger = { ...silentLogger, info: (fields) => void told.push(fields) };
  const memberKey = memberPath === undefined ? undefined : key(memberPath);
  const vault = createSubstrateVault(
    { clock: systemClock, view, cursor: async () => Promise.resolve(undefined), log },
    { gateway, signers, submitters, memberKey },
  );
  return { told, accounts: vault.accounts(cosigners).map(({ address }) => address), vault };
}

describe('the accounts of a vault that an operator works', () => {
  it('are those whose opener and executor are its own, and it hears which', () => {
    const ann = make([0, 1, 2, 3].map((number) => pair('ann', number)));
    expect(ann.accounts).toEqual([addresses[0], addresses[2]]);
    expect(ann.told).toEqual([{ own: [addresses[0], addresses[2]], others: [addresses[1]] }]);
    // Which of its pairs an account has is for the manifest to say.
    const ben = make([3, 0].map((number) => pair('ben', number)));
    expect(ben.accounts).toEqual([addresses[1]]);
    expect(ben.told).toEqual([{ own: [addresses[1]], others: [addresses[0], addresses[2]] }]);
  });

  it('take both keys', () => {
    const half = { opener: pair('ann', 0).opener, executor: pair('ben', 0).executor };
    expect(make([half, pair('ann', 2)]).accounts).toEqual([addresses[2]]);
    expect(() => make([half])).toThrow(/opener and executor of no account/);
  });

  it('are not none, unless the process has no such key', () => {
    const refused = /The submitter key is opener and executor of no account of the vault/;
    expect(() => make([pair('eve', 0)])).toThrow(refused);
    expect(() => make([pair('eve', 0)])).toThrow(new RegExp(`Account ${addresses[1]} has opener`));
    const member = make([], '//b');
    expect(member.accounts).toEqual([]);
    expect(member.told).toEqual([]);
    expect(member.vault.member).toBeDefined();
  });

  it('are not for a member that is none', () => {
    expect(() => make([], '//d')).toThrow(/not one of the members of the vault/);
    expect(make([pair('ben', 0)]).vault.member).toBeUndefined();
  });
});
