// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";

/// @title A token that its gateway alone mints and burns: ERC-7802 and one batch entry.
interface IBridgedToken is IERC7802 {
    error BridgedTokenNotGateway(address caller);
    error BridgedTokenPacketsMalformed(uint256 length);

    /// @notice The only account that may mint and burn. Never changes.
    function gateway() external view returns (address);

    /// @notice Mints for packets laid end to end: to the receiver of each, its amount * multiplier. The gateway has
    /// checked them. Reading the packets in place saves 400 gas a transfer against two arrays.
    ///
    /// DIFF FROM SPEC: emits `Transfer` from the zero address for each and no `CrosschainMint`, which would say the same
    /// again for 1.7k gas, a fifth of a delivery to an existing holder.
    function crosschainMintPackets(bytes calldata packets, uint256 multiplier) external;
}
