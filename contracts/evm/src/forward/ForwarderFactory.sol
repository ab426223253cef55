// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Forwarder} from "./Forwarder.sol";
import {ForwardTerms, IForwarder} from "./IForwarder.sol";

/// @title Makes forwarders. Anyone may; whoever does makes the same one.
/// @notice The terms are part of the code that is deployed, so an address stands for its terms, and a transfer to it may be
/// sent before it is there.
contract ForwarderFactory {
    address public immutable implementation = address(new Forwarder());

    event ForwarderDeployed(address indexed forwarder);

    /// @notice Where the forwarder of these terms is, or will be.
    function forwarderOf(ForwardTerms calldata terms) external view returns (address) {
        return _forwarderOf(terms);
    }

    /// @notice Deploys the forwarder unless it is there.
    function deploy(ForwardTerms calldata terms) public returns (IForwarder forwarder) {
        forwarder = IForwarder(_forwarderOf(terms));
        if (address(forwarder).code.length > 0) return forwarder;
        Clones.cloneDeterministicWithImmutableArgs(implementation, abi.encode(terms), 0);
        emit ForwarderDeployed(address(forwarder));
    }

    /// @notice Deploys the forwarder unless it is there, and has it send on. Reverts when it cannot now.
    function poke(ForwardTerms calldata terms) external returns (uint64 sequence, bytes32 transferId) {
        return deploy(terms).forward();
    }

    /// @notice Deploys the forwarder unless it is there, and has it give what it holds to the recovery account.
    function pokeRecover(ForwardTerms calldata terms, address token) external returns (uint256 amount) {
        return deploy(terms).recover(token);
    }

    function _forwarderOf(ForwardTerms calldata terms) private view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, abi.encode(terms), 0);
    }
}
