// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IGateway} from "./IGateway.sol";

/// @title Owner, guardians and the pause switch.
/// @notice The owner (a timelock outside development) configures; guardians may only pause; only the owner unpauses. No
/// packet and no signer can reach any of it.
abstract contract Guarded is IGateway, Ownable2Step {
    bool public override paused;

    /// @dev Assets registered so far; here so that it shares the slot that every delivery reads anyway.
    uint16 internal _assetCount;

    mapping(address account => bool) public override guardians;

    modifier whenNotPaused() {
        if (paused) revert GatewayIsPaused();
        _;
    }

    function pause() external override {
        if (!guardians[msg.sender] && msg.sender != owner()) revert GatewayNotGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external override onlyOwner {
        paused = false;
        emit Unpaused(msg.sender);
    }

    function setGuardian(address guardian, bool enabled) external override onlyOwner {
        guardians[guardian] = enabled;
        emit GuardianSet(guardian, enabled);
    }

    /// @dev A gateway without an owner could never be unpaused again.
    function renounceOwnership() public view override onlyOwner {
        revert GatewayOwnerRequired();
    }
}
