// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint} from "../../src/GatewayTypes.sol";
import {ICheckpointVerifier} from "../../src/ICheckpointVerifier.sol";

/// @dev Proves exactly one root, with any proof, or answers with something else.
contract RootVerifier is ICheckpointVerifier {
    bytes32 private immutable _root;
    bytes4 private immutable _answer;

    constructor(bytes32 root, bytes4 answer) {
        _root = root;
        _answer = answer;
    }

    function verifyCheckpoint(Checkpoint calldata checkpoint, bytes calldata) external view returns (bytes4) {
        return checkpoint.root == _root ? _answer : bytes4(0);
    }
}
