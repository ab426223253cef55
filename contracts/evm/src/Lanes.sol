// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CHUNK_PACKETS_MAX, InboundLane, OutboundLane} from "./GatewayTypes.sol";
import {Guarded} from "./Guarded.sol";
import {LaneIds} from "./LaneIds.sol";

/// @title The allow-list of lanes, two for each remote gateway.
abstract contract Lanes is Guarded {
    mapping(bytes32 laneId => bytes32) public override accumulators;
    mapping(bytes32 laneId => OutboundLane) public override outboundLanes;
    mapping(bytes32 laneId => InboundLane) public override inboundLanes;
    mapping(bytes32 laneId => bytes32) public override oppositeLanes;
    mapping(bytes32 laneId => address) public override verifiers;

    function registerLane(
        string calldata remoteChain,
        bytes calldata remoteGateway,
        uint8 receiverLength,
        uint16 chunkSizeMax
    ) external override onlyOwner returns (bytes32 outgoingLaneId, bytes32 incomingLaneId) {
        if (bytes(remoteChain).length == 0 || remoteGateway.length == 0 || remoteGateway.length > 32) {
            revert GatewayLaneMalformed();
        }
        if (receiverLength == 0 || receiverLength > 32) revert GatewayLaneMalformed();
        if (chunkSizeMax == 0 || chunkSizeMax > CHUNK_PACKETS_MAX) revert GatewayLaneMalformed();

        string memory chain = LaneIds.localChain();
        bytes memory gateway = abi.encodePacked(address(this));
        outgoingLaneId = LaneIds.laneId(chain, gateway, remoteChain, remoteGateway);
        incomingLaneId = LaneIds.laneId(remoteChain, remoteGateway, chain, gateway);
        // A lane from this gateway to itself would be both.
        if (outgoingLaneId == incomingLaneId) revert GatewayLaneMalformed();
        if (outboundLanes[outgoingLaneId].registered) revert GatewayLaneExists(outgoingLaneId);

        outboundLanes[outgoingLaneId] =
            OutboundLane({nextSequence: 0, receiverLength: receiverLength, registered: true, enabled: true});
        inboundLanes[incomingLaneId] = InboundLane({
            acceptedSequence: 0,
            acceptedChunks: 0,
            chunkSizeMax: chunkSizeMax,
            registered: true,
            hasVerifier: false
        });
        oppositeLanes[outgoingLaneId] = incomingLaneId;
        oppositeLanes[incomingLaneId] = outgoingLaneId;
        emit LaneRegistered(
            outgoingLaneId, incomingLaneId, remoteChain, remoteGateway, receiverLength, chunkSizeMax
        );
    }

    function setLaneEnabled(bytes32 outgoingLaneId, bool enabled) external override onlyOwner {
        if (!outboundLanes[outgoingLaneId].registered) revert GatewayLaneUnknown(outgoingLaneId);
        outboundLanes[outgoingLaneId].enabled = enabled;
        emit LaneEnabled(outgoingLaneId, enabled);
    }

    function setVerifier(bytes32 incomingLaneId, address verifier) external override onlyOwner {
        if (!inboundLanes[incomingLaneId].registered) revert GatewayLaneUnknown(incomingLaneId);
        // An address without code would answer every question with success and nothing.
        if (verifier != address(0) && verifier.code.length == 0) revert GatewayVerifierInvalid(verifier);
        verifiers[incomingLaneId] = verifier;
        inboundLanes[incomingLaneId].hasVerifier = verifier != address(0);
        emit VerifierSet(incomingLaneId, verifier);
    }
}
