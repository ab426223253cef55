// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Payments that cannot hurt the rest of a chunk.
/// @notice Solidity's own `call` copies all return data, however long, and OpenZeppelin's helpers forward all gas. A
/// payment needs both bounded: at most `gasCap` gas is given, and at most one word of the answer is read. That is the
/// reason for the assembly.
library CappedCall {
    /// @dev Pays native coin. The caller has made sure that `gasCap` can really be given.
    function payNative(address receiver, uint256 value, uint256 gasCap) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasCap, receiver, value, 0, 0, 0, 0)
        }
    }

    /// @dev Pays an ERC-20. Tokens that return nothing count as paid when they have code; `false` counts as failed.
    function payToken(address token, address receiver, uint256 value, uint256 gasCap) internal returns (bool success) {
        bytes memory data = abi.encodeCall(IERC20.transfer, (receiver, value));
        uint256 size;
        uint256 answer;
        assembly ("memory-safe") {
            success := call(gasCap, token, 0, add(data, 0x20), mload(data), 0, 0x20)
            size := returndatasize()
            answer := mload(0)
        }
        if (!success) return false;
        return size == 0 ? token.code.length > 0 : size >= 32 && answer == 1;
    }
}
