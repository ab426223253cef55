// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Checkpoint, SignerSet, SIGNERS_MAX} from "./GatewayTypes.sol";
import {IGateway} from "./IGateway.sol";

/// @title The signer set, its EIP-712 statements, and its rotation.
/// @notice Membership is stored per epoch, so that a rotation revokes the whole old set by one write.
abstract contract SignerSets is IGateway, EIP712 {
    bytes32 private constant CHECKPOINT_TYPEHASH = keccak256(
        "Checkpoint(bytes32 laneId,uint64 signerEpoch,bytes32 signerSetHash,bytes32 manifestHash,uint64 firstSequence,uint32 packetCount,uint32 chunkSize,bytes32 root,uint64 sourceHeight,bytes32 sourceBlockHash)"
    );
    bytes32 private constant SIGNER_SET_TYPEHASH =
        keccak256("SignerSet(uint64 epoch,uint32 threshold,address[] members)");
    uint256 private constant SIGNATURE_BYTES = 65;

    uint64 public override signerEpoch;
    uint32 public override signerThreshold;
    bytes32 public override signerSetHash;
    mapping(uint64 epoch => mapping(address account => bool)) public override isSigner;

    constructor(SignerSet memory initial) EIP712("Viaduct", "1") {
        _installSigners(initial);
    }

    function rotateSigners(SignerSet calldata next, bytes calldata signatures) external override {
        // 1. Epochs follow each other without gaps.
        if (next.epoch != signerEpoch + 1) revert GatewayEpochMismatch(signerEpoch + 1, next.epoch);
        // 2. The current set says so.
        _checkSignatures(signerSetDigest(next), signatures);
        // 3. From here on only the new set counts.
        _installSigners(next);
    }

    function domainSeparator() external view override returns (bytes32) {
        return _domainSeparatorV4();
    }

    function checkpointDigest(Checkpoint calldata checkpoint) public view override returns (bytes32) {
        // A struct of static fields encodes as its fields in order.
        return _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, checkpoint)));
    }

    function signerSetDigest(SignerSet calldata next) public view override returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    SIGNER_SET_TYPEHASH, next.epoch, next.threshold, keccak256(abi.encodePacked(next.members))
                )
            )
        );
    }

    /// @dev At least threshold signatures of members, signers strictly ascending: the order is what makes one signer
    /// count once.
    function _checkSignatures(bytes32 digest, bytes calldata signatures) internal view {
        uint64 epoch = signerEpoch;
        uint256 threshold = signerThreshold;
        // 1. Whole signatures, and enough of them. A threshold of zero is no set at all, whatever the count.
        uint256 count = signatures.length / SIGNATURE_BYTES;
        if (count * SIGNATURE_BYTES != signatures.length || count > SIGNERS_MAX) {
            revert GatewaySignaturesMalformed(signatures.length);
        }
        if (threshold == 0 || count < threshold) revert GatewaySignaturesTooFew(threshold, count);
        // 2. Each recovers (low s only), each signer above the one before, each a member of the current epoch.
        address previous = address(0);
        for (uint256 i = 0; i < count; i++) {
            (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(
                digest, signatures[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES]
            );
            if (problem != ECDSA.RecoverError.NoError) revert GatewaySignatureInvalid(i);
            if (signer == previous) revert GatewaySignerDuplicate(signer);
            if (signer < previous) revert GatewaySignersUnsorted(i);
            if (!isSigner[epoch][signer]) revert GatewaySignerUnknown(signer);
            previous = signer;
        }
    }

    function _installSigners(SignerSet memory set) private {
        uint256 count = set.members.length;
        // 1. Above half of the members; with it, a threshold of zero and an empty set are refused.
        if (set.epoch == 0 || count == 0 || count > SIGNERS_MAX) revert GatewaySignerSetInvalid();
        if (set.threshold > count || uint256(set.threshold) * 2 <= count) revert GatewaySignerSetInvalid();
        // 2. Members strictly ascending from above zero: no zero address, no duplicate.
        address previous = address(0);
        for (uint256 i = 0; i < count; i++) {
            address member = set.members[i];
            if (member <= previous) revert GatewaySignerSetInvalid();
            isSigner[set.epoch][member] = true;
            previous = member;
        }
        signerEpoch = set.epoch;
        signerThreshold = set.threshold;
        bytes32 setHash = keccak256(abi.encode(set.epoch, set.threshold, set.members));
        signerSetHash = setHash;
        emit SignersRotated(set.epoch, set.threshold, set.members, setHash);
    }
}
