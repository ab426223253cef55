// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Every error of the gateway. Relayers classify a revert by its selector.
interface IGatewayErrors {
    // Administration.
    error GatewayIsPaused();
    error GatewayNotGuardian(address caller);
    error GatewayOwnerRequired();
    error GatewayLaneMalformed();
    error GatewayLaneExists(bytes32 laneId);
    error GatewayLaneUnknown(bytes32 laneId);
    error GatewayLaneDisabled(bytes32 laneId);
    error GatewayAssetExists(uint32 assetId);
    error GatewayAssetsTooMany(uint256 most);
    error GatewayTokenTaken(address token);
    error GatewayTokenInvalid(address token);
    error GatewayDecimalsTooMany(uint8 decimals);
    error GatewayTermsInvalid();
    error GatewayLimitInvalid();
    error GatewayVerifierInvalid(address verifier);

    // Sending.
    error GatewayAssetUnknown(uint32 assetId);
    error GatewayAssetNotOnLane(bytes32 laneId, uint32 assetId);
    error GatewayDeadlinePassed(uint64 deadline, uint256 nowSeconds);
    error GatewayReceiverMalformed(uint256 expectedBytes, bytes receiver);
    error GatewayBatchMalformed(uint256 amounts, uint256 receiverBytes);
    /// @param unit Amounts must be multiples of this many of the token's own units.
    error GatewayAmountNotRepresentable(uint256 amount, uint256 unit);
    /// @dev All in canonical units.
    error GatewayAmountOutOfRange(uint256 amount, uint256 minAmount, uint256 maxAmount);
    error GatewayValueMismatch(uint256 expected, uint256 got);
    error GatewayCreditMismatch(uint256 expected, uint256 got);

    // Signer sets and statements.
    error GatewaySignerSetInvalid();
    error GatewayEpochMismatch(uint64 expected, uint64 got);
    error GatewaySignerSetMismatch(bytes32 expected, bytes32 got);
    error GatewaySignaturesMalformed(uint256 length);
    error GatewaySignaturesTooFew(uint256 threshold, uint256 got);
    error GatewaySignatureInvalid(uint256 index);
    error GatewaySignersUnsorted(uint256 index);
    error GatewaySignerDuplicate(address signer);
    error GatewaySignerUnknown(address signer);

    // Checkpoints.
    error GatewayCheckpointMalformed();
    error GatewayCheckpointSkips(uint64 expected, uint64 got);
    error GatewayCheckpointOverlaps(uint64 expected, uint64 got);
    error GatewayChunkBaseMismatch(uint64 expected, uint64 got);
    error GatewayVerifierRefused(address verifier);

    // Delivery.
    error GatewayCheckpointUnknown(bytes32 laneId, uint64 firstSequence);
    error GatewayCheckpointMismatch(bytes32 laneId, uint64 firstSequence);
    error GatewayChunkIndexOutOfRange(uint32 index, uint32 count);
    error GatewayChunkAlreadyDelivered(bytes32 laneId, uint64 chunkOrdinal);
    error GatewayChunkLengthMismatch(uint256 expectedBytes, uint256 gotBytes);
    error GatewayChunkProofInvalid();
    error GatewaySequenceMismatch(uint64 expected, uint64 got);
    error GatewayPacketMalformed(uint64 sequence);
    error GatewayGasTooLow(uint256 needed, uint256 left);
    /// @dev The chunk waits: deliver it again after `retryAfterSeconds`. Amounts in canonical units.
    error GatewayLimitExceeded(uint32 assetId, uint256 needed, uint256 available, uint256 retryAfterSeconds);
    /// @dev More would leave than users have locked: the ledger of the bridge is broken. Amounts in token units.
    error GatewayLedgerViolated(uint32 assetId, uint256 needed, uint256 locked);

    // Held returns.
    error GatewayNothingToClaim(uint32 assetId, address receiver);
    error GatewayReturnNotHeld(bytes32 transferId);
    error GatewayClaimReceiverInvalid(address receiver);
}
