// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title Lane ids: which gateway of which chain to which other, in one hash.
library LaneIds {
    bytes32 private constant TAG = keccak256("viaduct.lane.v1");

    function laneId(
        string memory sourceChain,
        bytes memory sourceGateway,
        string memory targetChain,
        bytes memory targetGateway
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(TAG, keccak256(bytes(sourceChain)), sourceGateway, keccak256(bytes(targetChain)), targetGateway)
        );
    }

    /// @dev This chain's CAIP-2 id.
    function localChain() internal view returns (string memory) {
        return string.concat("eip155:", Strings.toString(block.chainid));
    }
}
