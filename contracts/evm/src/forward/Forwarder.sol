// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Custody} from "../GatewayTypes.sol";
import {IGateway} from "../IGateway.sol";
import {ForwardTerms, IForwarder} from "./IForwarder.sol";

/// @title The code behind every forwarder. See IForwarder for what it promises.
/// @notice A clone carries its terms in its own code, so there is nothing to initialise, no owner, and nothing that a
/// front-runner could set. It may be paid before it is deployed.
///
/// Why the exact amount, once: a refund looks like any other payment. An account that sent on whatever it holds would send a
/// refused transfer back and forth for ever; one that sent on any amount could be used up by a stranger's dust. As it is, who
/// wants to trigger it with money of his own has to give all of it, and then the user's own goes to the recovery account.
///
/// Why a stranger cannot recover before the expiry: a deposit can be made to fail, by giving it little gas or by waiting for a
/// pause, and the money of a transfer that could go on would end here.
contract Forwarder is IForwarder, ReentrancyGuardTransient {
    address private immutable _code = address(this);

    bool public override forwarded;

    /// @dev The code itself has no terms: what it would read as such is its own bytes.
    modifier onlyClone() {
        if (address(this) == _code) revert ForwarderNotDeployed();
        _;
    }

    receive() external payable {}

    function forward() external override onlyClone nonReentrant returns (uint64 sequence, bytes32 transferId) {
        ForwardTerms memory own = _terms();
        // 1. Once, in time, and whole.
        if (forwarded) revert ForwarderDone();
        if (block.timestamp >= own.expiry) revert ForwarderExpired(own.expiry);
        IGateway gateway = IGateway(own.gateway);
        (address token, Custody custody,,) = gateway.assets(own.assetId);
        uint256 held = _balance(token);
        if (held < own.amount) revert ForwarderWaiting(own.amount, held);
        // 2. Effects. A deposit that fails undoes them.
        forwarded = true;
        // 3. The deposit, to this receiver on this lane. A gateway takes locked tokens by allowance, burns minted ones without.
        bytes memory receiver = _receiver(own);
        uint256 value = custody == Custody.Native ? own.amount : 0;
        if (custody == Custody.Lock) SafeERC20.forceApprove(IERC20(token), own.gateway, own.amount);
        (sequence, transferId) = gateway.send{value: value}(own.laneId, own.assetId, own.amount, receiver, 0);
        emit Forwarded(own.laneId, sequence, transferId);
    }

    function recover(address token) external override onlyClone nonReentrant returns (uint256 amount) {
        ForwardTerms memory own = _terms();
        if (!forwarded && block.timestamp < own.expiry && msg.sender != own.recovery) {
            revert ForwarderNotRecovery(msg.sender);
        }
        return _pay(token, own.recovery);
    }

    function recoverTo(address token, address to)
        external
        override
        onlyClone
        nonReentrant
        returns (uint256 amount)
    {
        if (msg.sender != _terms().recovery) revert ForwarderNotRecovery(msg.sender);
        return _pay(token, to);
    }

    function claimHeld() external override onlyClone nonReentrant returns (uint256 amount) {
        ForwardTerms memory own = _terms();
        // Only returns are held, and only what this account sent returns to it: it was sent on before.
        return IGateway(own.gateway).claim(own.assetId, own.recovery);
    }

    function terms() external view override onlyClone returns (ForwardTerms memory) {
        return _terms();
    }

    function _pay(address token, address to) private returns (uint256 amount) {
        amount = _balance(token);
        emit Recovered(token, to, amount);
        if (token == address(0)) Address.sendValue(payable(to), amount);
        else SafeERC20.safeTransfer(IERC20(token), to, amount);
    }

    function _balance(address token) private view returns (uint256) {
        return token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    function _terms() private view returns (ForwardTerms memory) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (ForwardTerms));
    }

    function _receiver(ForwardTerms memory own) private pure returns (bytes memory receiver) {
        receiver = new bytes(own.receiverLength);
        for (uint256 i = 0; i < receiver.length && i < 32; i++) {
            receiver[i] = own.receiver[i];
        }
    }
}
