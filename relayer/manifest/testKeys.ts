/**
 * Addresses whose private keys everybody knows: whoever sends funds to them, or trusts their signatures, has lost
 * already (ATTACKS 08). Allowed in profile `dev` only.
 */
import { bytesToHex } from '../core/bytes.ts';

const PUBLISHED = new Set([
  // "test test test test test test test test test test test junk", m/44'/60'/0'/0/0 to 19: anvil, hardhat.
  'f39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  '70997970c51812dc3a010c7d01b50e0d17dc79c8',
  '3c44cdddb6a900fa2b585dd299e03d12fa4293bc',
  '90f79bf6eb2c4f870365e785982e1f101e93b906',
  '15d34aaf54267db7d7c367839aaf71a00a2c6a65',
  '9965507d1a55bcc2695c58ba16fb37d819b0a4dc',
  '976ea74026e726554db657fa54763abd0c3a0aa9',
  '14dc79964da2c08b23698b3d3cc7ca32193d9955',
  '23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f',
  'a0ee7a142d267c1f36714e4a8f75612f20a79720',
  'bcd4042de499d14e55001ccbb24a551f3b954096',
  '71be63f3384f5fb98995898a86b02fb2426c5788',
  'fabb0ac9d68b0b445fb7357272ff202c5651694a',
  '1cbd3b2770909d4e10f157cabc84c7264073c9ec',
  'df3e18d64bc6a983f673ab319ccae4f1a57c7097',
  'cd3b766ccdd6ae721141f452c550ca635964ce71',
  '2546bcd3c84621e976d8185a91a922ae77ecec30',
  'bda5747bfd65f08deb54cb465eb87d40e51b197e',
  'dd2fd4581271e230360230f9337d5c0430bf44c0',
  '8626f6940e2eb28930efb4cef49b2d1f2c9c1199',
  // Private keys 1 to 8.
  '7e5f4552091a69125d5dfcb7b8c2659029395bdf',
  '2b5ad5c4795c026514f8317c7a215e218dccd6cf',
  '6813eb9362372eef6200f3b1dbc3f819671cba69',
  '1eff47bc3a10a45d4b230b5d10e37751fe6aa718',
  'e1ab8145f7e55dc933d51a18c793f901a3a0b276',
  'e57bfe9f44b819898f47bf37e5af72a0783e1141',
  'd41c057fd1c78805aac12b0a94a405c0461a6fbb',
  'f1f6619b38a98d6de0800f1defc0a6399eb6d30c',
]);

export function isPublishedKey(address: Uint8Array): boolean {
  return PUBLISHED.has(bytesToHex(address));
}
