// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Asset, ASSETS_MAX, Custody, DECIMALS_MAX, LaneAsset, LanePass} from "./GatewayTypes.sol";
import {IBridgedToken} from "./IBridgedToken.sol";
import {Lanes} from "./Lanes.sol";

/// @title The allow-list of assets, and of the lanes that may carry each.
/// @notice Amounts in packets are canonical units; amounts in tokens are the token's own. The conversion is exact or it
/// is refused: nothing is ever rounded.
abstract contract AssetRegistry is Lanes {
    uint8 private constant NATIVE_DECIMALS = 18;

    mapping(uint32 assetId => Asset) public override assets;
    mapping(uint32 assetId => uint256) public override locked;
    mapping(bytes32 laneId => mapping(uint32 assetId => LaneAsset)) public override laneAssets;
    mapping(bytes32 laneId => mapping(uint32 assetId => LanePass)) public override lanePasses;
    mapping(address token => bool) private _tokenTaken;

    function registerAsset(uint32 assetId, address token, Custody custody, uint8 canonicalDecimals)
        external
        override
        onlyOwner
    {
        // 1. An asset is mapped once and for ever, and a token backs one asset only.
        if (assets[assetId].custody != Custody.None) revert GatewayAssetExists(assetId);
        if (_assetCount >= ASSETS_MAX) revert GatewayAssetsTooMany(ASSETS_MAX);
        if (_tokenTaken[token]) revert GatewayTokenTaken(token);
        // 2. The token is what its custody says: no token for native coin, code for the others, ours for minting.
        uint8 localDecimals = NATIVE_DECIMALS;
        if (custody == Custody.Native) {
            if (token != address(0)) revert GatewayTokenInvalid(token);
        } else {
            if (custody == Custody.None || token.code.length == 0) revert GatewayTokenInvalid(token);
            if (custody == Custody.Mint && IBridgedToken(token).gateway() != address(this)) {
                revert GatewayTokenInvalid(token);
            }
            localDecimals = IERC20Metadata(token).decimals();
        }
        if (localDecimals > DECIMALS_MAX) revert GatewayDecimalsTooMany(localDecimals);
        if (canonicalDecimals > DECIMALS_MAX) revert GatewayDecimalsTooMany(canonicalDecimals);
        // 3. Store.
        assets[assetId] = Asset({
            token: token,
            custody: custody,
            localDecimals: localDecimals,
            canonicalDecimals: canonicalDecimals
        });
        _tokenTaken[token] = true;
        _assetCount++;
        emit AssetRegistered(assetId, token, custody, localDecimals, canonicalDecimals);
    }

    function setLaneAsset(
        bytes32 outgoingLaneId,
        uint32 assetId,
        bool enabled,
        uint128 minAmount,
        uint128 maxAmount,
        uint128 granularity
    ) external override onlyOwner {
        if (!outboundLanes[outgoingLaneId].registered) revert GatewayLaneUnknown(outgoingLaneId);
        if (assets[assetId].custody == Custody.None) revert GatewayAssetUnknown(assetId);
        if (minAmount == 0 || maxAmount < minAmount || granularity == 0) revert GatewayTermsInvalid();
        laneAssets[outgoingLaneId][assetId] =
            LaneAsset({minAmount: minAmount, maxAmount: maxAmount, granularity: granularity, enabled: enabled});
        lanePasses[oppositeLanes[outgoingLaneId]][assetId] = enabled ? LanePass.Enabled : LanePass.Disabled;
        emit LaneAssetSet(outgoingLaneId, assetId, enabled, minAmount, maxAmount, granularity);
    }

    /// @dev One token unit is `scale` canonical units, or, where `localIsFiner`, the other way round.
    function _scaleOf(Asset memory asset) internal pure returns (uint256 scale, bool localIsFiner) {
        localIsFiner = asset.localDecimals >= asset.canonicalDecimals;
        scale = 10
            ** uint256(
                localIsFiner
                    ? asset.localDecimals - asset.canonicalDecimals
                    : asset.canonicalDecimals - asset.localDecimals
            );
    }

    /// @dev Canonical units of a deposit; reverts when they are not whole, or no multiple of the lane's granularity.
    function _toCanonical(Asset memory asset, LaneAsset memory terms, uint256 amount) internal pure returns (uint128) {
        (uint256 scale, bool localIsFiner) = _scaleOf(asset);
        uint256 canonical;
        uint256 unit;
        if (localIsFiner) {
            unit = scale * terms.granularity;
            if (amount % unit != 0) revert GatewayAmountNotRepresentable(amount, unit);
            canonical = amount / scale;
        } else {
            if (amount > type(uint128).max) {
                revert GatewayAmountOutOfRange(amount, terms.minAmount, terms.maxAmount);
            }
            canonical = amount * scale;
            unit = terms.granularity > scale ? terms.granularity / scale : 1;
            if (canonical % terms.granularity != 0) revert GatewayAmountNotRepresentable(amount, unit);
        }
        if (canonical < terms.minAmount || canonical > terms.maxAmount) {
            revert GatewayAmountOutOfRange(canonical, terms.minAmount, terms.maxAmount);
        }
        return uint128(canonical);
    }
}
