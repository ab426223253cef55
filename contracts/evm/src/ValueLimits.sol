// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Custody, ValueLimit} from "./GatewayTypes.sol";
import {AssetRegistry} from "./AssetRegistry.sol";

/// @title Value limits: what a full compromise of the signers could take in a window.
/// @notice A token bucket per asset with capacity cap/2 that refills by cap/2 in a window. Any window lets out at most
/// what the bucket held at its start plus one refill: never more than cap.
abstract contract ValueLimits is AssetRegistry {
    mapping(uint32 assetId => ValueLimit) public override limits;

    function setLimit(uint32 assetId, uint128 cap, uint64 windowSeconds) external override onlyOwner {
        if (assets[assetId].custody == Custody.None) revert GatewayAssetUnknown(assetId);
        // A cap of one would leave a bucket of nothing.
        if (windowSeconds == 0 || cap == 1) revert GatewayLimitInvalid();
        ValueLimit storage limit = limits[assetId];
        uint128 capacity = cap / 2;
        // The first limit starts full; a later one keeps what is left, so that setting it again refills nothing.
        uint128 available = capacity;
        if (limit.windowSeconds != 0) {
            (uint256 left,) = _refilled(limit);
            if (left < capacity) available = uint128(left);
        }
        limits[assetId] = ValueLimit({
            available: available,
            updatedAt: uint64(block.timestamp),
            windowSeconds: windowSeconds,
            capacity: capacity
        });
        emit LimitSet(assetId, cap, windowSeconds);
    }

    function availableNow(uint32 assetId) public view override returns (uint256 available) {
        (available,) = _refilled(limits[assetId]);
    }

    /// @dev Takes `needed` canonical units, or reverts saying when they will be there.
    function _spend(uint32 assetId, uint256 needed) internal {
        ValueLimit storage limit = limits[assetId];
        (uint256 available, uint64 updatedAt) = _refilled(limit);
        if (needed > available) {
            revert GatewayLimitExceeded(
                assetId, needed, available, _secondsFor(needed - available, limit.windowSeconds, limit.capacity)
            );
        }
        limit.available = uint128(available - needed);
        limit.updatedAt = updatedAt;
    }

    /// @dev The bucket now, and the time it stands for. Only the time of whole units is used up, so that frequent use
    /// of a small limit does not lose the fractions.
    function _refilled(ValueLimit storage limit) private view returns (uint256 available, uint64 updatedAt) {
        uint256 capacity = limit.capacity;
        uint256 windowSeconds = limit.windowSeconds;
        updatedAt = limit.updatedAt;
        available = limit.available;
        if (capacity == 0 || windowSeconds == 0) return (0, updatedAt);
        uint256 elapsed = block.timestamp - updatedAt;
        // A u64 times a u128 fits.
        uint256 refill = elapsed * capacity / windowSeconds;
        if (available + refill >= capacity) return (capacity, uint64(block.timestamp));
        return (available + refill, updatedAt + uint64(Math.ceilDiv(refill * windowSeconds, capacity)));
    }

    function _secondsFor(uint256 amount, uint256 windowSeconds, uint256 capacity) private pure returns (uint256) {
        return capacity == 0 ? type(uint256).max : Math.ceilDiv(amount * windowSeconds, capacity);
    }
}
