// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint} from "./GatewayTypes.sol";

/// @title The seam for on-chain light clients.
/// @notice A lane whose target can verify the source chain by itself names a verifier, which then replaces the
/// signatures of the lane's checkpoints. Every other rule of the gateway stays. Only the owner sets it, and its answer
/// counts only when it comes from exactly that address.
interface ICheckpointVerifier {
    /// @param proof Whatever this verifier understands; it arrives where signatures would be.
    /// @return magic `ICheckpointVerifier.verifyCheckpoint.selector` when the checkpoint is proven. Anything else, and
    /// a revert, refuses it.
    function verifyCheckpoint(Checkpoint calldata checkpoint, bytes calldata proof) external view returns (bytes4 magic);
}
